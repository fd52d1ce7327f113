//! What these tests share: nodes and PostgreSQL, the proxy between them, people who send and listen, and the check of
//! what they have got.

mod cluster;
mod commits;
mod ledger;
#[expect(dead_code, unused_imports, reason = "the tests of one process need more of it")]
#[path = "../../process/support/mod.rs"]
mod process;
mod round;
mod socket;
mod via;
mod wire;

use std::time::Duration;

pub use cluster::Cluster;
pub use commits::AtCommit;
pub use ledger::Ledger;
pub use process::postgres::{self, Stop};
pub use process::{
    Closed, Feed, Line, Listener, Log, Message, PATIENCE, Person, Receiver, SEND, Server, any_of, code, position_of,
    soon, up_to,
};
pub use round::Round;
pub use socket::{follow, next};
pub use via::via;
pub use wire::{Direction, Flow, Wire};

/// Longer than a node's lease takes to run out on a busy machine.
pub const LEASES: Duration = Duration::from_secs(70);
