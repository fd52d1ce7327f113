//! The hot way to SQLite: prepared statements on the calling thread.
//!
//! Through SeaORM and sqlx the text of a statement is built anew, and it travels to another thread and back; here it is
//! prepared once and executed at once (in a profile of the prototype: 4 to 11 µs of CPU in place of 55 to 75). So what
//! comes by the thousand goes this way: [`read`] finds rows by their keys, [`mod@write`] has the changes of messages
//! and read marks. It is a shorter way to the same rows and never the only one: everything else, and PostgreSQL, goes the
//! ordinary way.

mod columns;
mod read;
mod rows;
mod write;

pub use read::{HOT_READS, HotReads, SidebarRow, SidebarSelection, StatementRecorder};
pub use rows::FromRow;
pub(super) use rows::bound;
pub use write::{HOT_WRITES, HotConnection};
pub(super) use write::{HotError, HotTx};
