//! The hot way to SQLite: prepared statements on the calling thread.
//!
//! Through SeaORM and sqlx a statement costs 55 to 75 µs of CPU, as its text is built anew and it travels to another
//! thread and back; prepared once and executed here it costs 4 to 11. So what comes by the thousand goes this way:
//! [`read`] finds a few rows by their keys, [`mod@write`] has the changes of messages and read marks. It is a
//! shorter way to the same rows and never the only one: everything else, and PostgreSQL, goes the ordinary way.

mod read;
mod columns;
mod rows;
mod write;

pub use read::{HOT_READS, HotReads, StatementRecorder};
pub use rows::FromRow;
pub(super) use rows::bound;
pub use write::{HOT_WRITES, HotConnection};
pub(super) use write::{HotError, HotTx};
