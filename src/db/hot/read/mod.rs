//! Reads of rows by their keys.
//!
//! The pool of [`Reader`](crate::db::Reader) hands each statement to a thread of the driver and its rows back, one by one:
//! 60 % of the cost of a page of messages, in a profile from before these reads. What is read here comes back before another
//! thread would have woken up: each statement finds rows by an index, and most find one for each key, of which a page has a
//! hundred at most. The others have these bounds:
//!
//! - People in blocks and members of conversations are read up to [`limits::HOT_READ_ROWS`]; more go the ordinary way.
//! - The sidebar sorts all of a person's conversations, of each three numbers, to read the newest of them.
//! - What calls a person is counted from their read mark on, however much it is.
//!
//! The last two follow what a person has. Where they take long on the whole, the mean of all reads does, and reads go the
//! ordinary way for a while ([`limits::SLOW_HOT_READ`]).
//!
//! Each read returns `None` where it cannot be done here: on PostgreSQL, while all connections are in use, after any error,
//! and for a second after the disk has been slow. The caller then asks the [`Reader`](crate::db::Reader), which waits,
//! fails, and is measured as always.

mod message_row;
mod sidebar;
mod statements;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OpenFlags, Params, Row};
use tokio::time::Instant;

use crate::clock::instant;
use crate::limits;

pub use sidebar::{SidebarRow, SidebarSelection};
pub use statements::HOT_READS;

/// The connections of hot reads. Clones share them.
#[derive(Clone, Default)]
pub struct HotReads {
    connections: Option<Arc<Mutex<Connections>>>,
    /// Called with each statement, for tests that record them.
    pub recorder: Option<StatementRecorder>,
}

/// What a read gives.
type Read<T> = rusqlite::Result<T>;

/// How many reads the mean of their times is about.
const MEAN_OF: u32 = 16;

/// What is called with each statement of a hot read.
pub type StatementRecorder = Arc<dyn Fn(&'static str) + Send + Sync>;

struct Connections {
    file: PathBuf,
    idle: Vec<Connection>,
    /// How many there are, idle or in use.
    open: usize,
    /// Whether they were closed for good.
    are_closed: bool,
    /// How long reads take now, as a mean of the latest: one that was interrupted says nothing of the disk.
    takes: Duration,
    /// Until when reads go the ordinary way, which does not hold up this thread's other work.
    rest_until: Option<Instant>,
}

impl HotReads {
    /// Hot reads of a database of SQLite. Connections are opened when they are needed first.
    pub(in crate::db) fn of_file(file: PathBuf) -> Self {
        let connections =
            Connections { file, idle: Vec::new(), open: 0, are_closed: false, takes: Duration::ZERO, rest_until: None };
        Self { connections: Some(Arc::new(Mutex::new(connections))), recorder: None }
    }

    /// Whether a read would be done here now, and not the ordinary way.
    pub fn is_ready(&self) -> bool {
        self.connections.as_ref().is_some_and(|connections| {
            let connections = lock(connections);
            !connections.are_resting() && (!connections.idle.is_empty() || connections.may_open())
        })
    }

    /// Closes the connections, those in use when their reads end. The writer's is closed later, as the last one folds the
    /// log into the file, and these may not write.
    pub(in crate::db) fn close(&self) {
        if let Some(connections) = &self.connections {
            let mut connections = lock(connections);
            connections.are_closed = true;
            connections.idle.clear();
        }
    }

    /// Reads. `None` if that cannot be done at once.
    fn read<T>(&self, work: impl FnOnce(&HotReader<'_>) -> rusqlite::Result<T>) -> Option<T> {
        let connections = self.connections.as_ref()?;
        let borrowed = Borrowed { connections, connection: Some(take(connections)?) };
        let began = instant();
        let connection = HotReader { connection: borrowed.connection.as_ref()?, recorder: self.recorder.as_ref() };
        let read = work(&connection);
        let took = began.elapsed();
        match read {
            Ok(rows) => {
                borrowed.give_back(took);
                Some(rows)
            }
            // The ordinary way reports it if it happens there too.
            Err(error) => {
                tracing::debug!(error = %error, "a hot read failed");
                None
            }
        }
    }
}

impl Connections {
    fn are_resting(&self) -> bool {
        self.rest_until.is_some_and(|until| instant() < until)
    }

    /// Notes how long a read took.
    fn note(&mut self, took: Duration) {
        self.takes = (self.takes * (MEAN_OF - 1) + took) / MEAN_OF;
        if self.takes > limits::SLOW_HOT_READ {
            tracing::debug!("the disk is slow: hot reads rest");
            self.takes = Duration::ZERO;
            self.rest_until = Some(instant() + limits::HOT_READ_REST);
        }
    }

    fn may_open(&self) -> bool {
        !self.are_closed && self.open < limits::HOT_READERS
    }
}

impl fmt::Debug for HotReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HotReads").finish_non_exhaustive()
    }
}

fn lock(connections: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An idle connection, or a new one if there may be one more.
fn take(connections: &Mutex<Connections>) -> Option<Connection> {
    let mut connections = lock(connections);
    if connections.are_resting() {
        return None;
    }
    if let Some(idle) = connections.idle.pop() {
        return Some(idle);
    }
    if !connections.may_open() {
        return None;
    }
    match open(&connections.file) {
        Ok(new) => {
            connections.open += 1;
            Some(new)
        }
        Err(error) => {
            tracing::debug!(error = %error, "no connection for hot reads");
            connections.rest_until = Some(instant() + limits::HOT_READ_REST);
            None
        }
    }
}

fn open(file: &std::path::Path) -> rusqlite::Result<Connection> {
    // Each is used by one thread at a time, so that it needs no lock of its own. It neither makes the file nor writes it.
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Whoever has to wait goes the ordinary way.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(HOT_READS.len() + 2);
    Ok(connection)
}

/// A connection in use. Dropped without [`give_back`](Self::give_back), it is closed: after an error, or a panic, nobody
/// knows what state it is in.
struct Borrowed<'a> {
    connections: &'a Mutex<Connections>,
    connection: Option<Connection>,
}

impl Borrowed<'_> {
    fn give_back(mut self, took: Duration) {
        let mut connections = lock(self.connections);
        connections.note(took);
        if !connections.are_closed {
            connections.idle.extend(self.connection.take());
        }
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            lock(self.connections).open -= 1;
        }
    }
}

/// A connection while it is used.
struct HotReader<'a> {
    connection: &'a Connection,
    recorder: Option<&'a StatementRecorder>,
}

impl HotReader<'_> {
    /// A statement, which is prepared when it is used first.
    fn statement(&self, sql: &'static str) -> rusqlite::Result<CachedStatement<'_>> {
        if let Some(record) = self.recorder {
            record(sql);
        }
        self.connection.prepare_cached(sql)
    }

    /// All rows of a statement.
    fn all<T>(
        &self,
        sql: &'static str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.statement(sql)?.query_map(parameters, read)?.collect()
    }

    /// Reads several times in one transaction: they see one state, and lock it once.
    fn in_one_state<T>(&self, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        // After an error the connection is closed, and with it the transaction.
        let read = work()?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
