//! What these tests share: the process, people who use it over HTTP, and clients that reconnect by themselves.

#[path = "../../api/support/cursors.rs"]
pub mod cursors;
mod database;
mod disk;
#[path = "../../api/support/hostile.rs"]
pub mod hostile;
#[path = "../../api/support/issuer/mod.rs"]
pub mod issuer;
mod line;
mod listener;
mod log;
mod person;
#[path = "../../support/postgres.rs"]
pub mod postgres;
mod receiver;
mod record;
mod server;
mod strace;

use std::time::Duration;

pub use cursors::position_of;
pub use database::{OwnDatabase, empty_database};
pub use disk::Disk;
pub use line::{Closed, Line};
pub use listener::{Feed, Listener};
pub use log::{Log, dump, is_sound};
pub use person::{Message, PASSWORD, Person, SEND, code};
pub use postgres::{Postgres, Stop};
pub use receiver::{Receiver, Reply};
pub use record::Record;
pub use server::Server;
pub use strace::Strace;

/// Longer than anything here takes on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that must happen in time.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes in time")
}

/// The number of files in a folder and its subfolders.
pub fn files_in(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
}

/// A random part of a duration, so that no two runs are alike.
pub fn up_to(most: Duration) -> Duration {
    let random = getrandom::u32().expect("random numbers");
    most.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// A random index in a list of this length.
pub fn any_of(many: usize) -> usize {
    getrandom::u32().expect("random numbers") as usize % many
}
