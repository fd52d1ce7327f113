//! The writer's hot connection.
//!
//! Changes that come by the thousand ([`Change::is_hot`](crate::feed::Change::is_hot)) are written over a connection of
//! their own, by the operations that have a name here. All others are written the ordinary way, which takes any
//! statement. A batch goes one way as a whole.

mod error;
mod statements;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Statement};
use sea_orm::DbErr;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::FromRow;
use crate::db::sqlite;
use crate::limits;
pub(in crate::db) use error::HotError;
use error::failed;
pub use statements::HOT_WRITES;

/// The connection of hot changes. Its methods block while the disk works.
pub struct HotConnection {
    file: PathBuf,
    /// `None` after a transaction that did not end: the next one has a new connection.
    connection: Option<Arc<Mutex<Connection>>>,
}

impl fmt::Debug for HotConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HotConnection").field("file", &self.file).finish_non_exhaustive()
    }
}

impl HotConnection {
    /// Opens the database, which must exist.
    pub(in crate::db) fn open(url: &str) -> Result<Self, DbErr> {
        let options = SqliteConnectOptions::from_str(url).map_err(|error| DbErr::Custom(error.to_string()))?;
        let mut hot = Self { file: options.get_filename().to_path_buf(), connection: None };
        hot.connection()?;
        Ok(hot)
    }

    /// Begins a transaction that holds the only lock for writing from its start.
    pub(in crate::db) fn begin(&mut self) -> Result<HotTx, DbErr> {
        let tx = HotTx { connection: self.connection()?, level: Level::Transaction };
        tx.run("BEGIN IMMEDIATE", [])?;
        Ok(tx)
    }

    /// Closes the connection if its last transaction could not be ended: nobody else could write, and what it would write
    /// might never be committed.
    pub fn close_unless_at_rest(&mut self) {
        self.connection.take_if(|connection| !lock(connection).is_autocommit());
    }

    fn connection(&mut self) -> Result<Arc<Mutex<Connection>>, DbErr> {
        if let Some(connection) = &self.connection {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(Mutex::new(connect(&self.file).map_err(failed)?));
        Ok(Arc::clone(self.connection.insert(connection)))
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    // Not `CREATE`, and no lock of SQLite's own: ours is around it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(limits::BUSY)?;
    for (name, value) in sqlite::settings() {
        connection.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(gives_no_row)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(limits::HOT_STATEMENTS);
    Ok(connection)
}

/// Some settings answer with their value, and some don't.
fn gives_no_row(error: rusqlite::Error) -> rusqlite::Result<()> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

/// A panic with the lock in hand ends the process: see the feed's writer.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transaction of the hot way, or a savepoint in one. Dropped without [`commit`](Self::commit), it is rolled back.
pub struct HotTx {
    connection: Arc<Mutex<Connection>>,
    level: Level,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Transaction,
    Savepoint,
    /// It was committed or rolled back.
    Ended,
}

impl HotTx {
    /// Begins a savepoint.
    pub(in crate::db) fn savepoint(&self) -> Result<Self, DbErr> {
        self.run("SAVEPOINT step", [])?;
        Ok(Self { connection: Arc::clone(&self.connection), level: Level::Savepoint })
    }

    /// Commits, and waits for the disk.
    pub(in crate::db) fn commit(mut self) -> Result<(), DbErr> {
        match self.level {
            Level::Transaction => self.run("COMMIT", [])?,
            Level::Savepoint => self.run("RELEASE step", [])?,
            Level::Ended => return Ok(()),
        };
        self.level = Level::Ended;
        Ok(())
    }

    /// Rolls back.
    pub(in crate::db) fn rollback(mut self) -> Result<(), DbErr> {
        self.roll_back()
    }

    fn roll_back(&mut self) -> Result<(), DbErr> {
        match std::mem::replace(&mut self.level, Level::Ended) {
            Level::Transaction => self.run("ROLLBACK", []).map(drop),
            Level::Savepoint => {
                self.run("ROLLBACK TO step", [])?;
                self.run("RELEASE step", []).map(drop)
            }
            Level::Ended => Ok(()),
        }
    }

    /// Executes a statement whose text is always the same; returns how many rows it wrote.
    pub(in crate::db) fn run(&self, sql: &str, values: impl Params) -> Result<usize, DbErr> {
        self.with(sql, |statement| statement.execute(values))
    }

    /// The rows of a statement whose text is always the same.
    pub(in crate::db) fn rows<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<Vec<T>, DbErr> {
        self.with(sql, |statement| statement.query_map(values, T::from_row)?.collect())
    }

    /// Does something with a prepared statement.
    fn with<T>(&self, sql: &str, run: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<T>) -> Result<T, DbErr> {
        let connection = lock(&self.connection);
        connection.prepare_cached(sql).and_then(|mut statement| run(&mut statement)).map_err(failed)
    }

    /// Executes a statement for each of these.
    fn each<'a, R>(
        &self,
        sql: &str,
        rows: impl IntoIterator<Item = &'a R>,
        run: impl Fn(&mut Statement<'_>, &R) -> rusqlite::Result<usize>,
    ) -> Result<(), DbErr>
    where
        R: 'a,
    {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        self.with(sql, |statement| rows.try_for_each(|row| run(statement, row).map(drop)))
    }

    /// Executes an update of one row for each of these; returns those that are not there.
    fn update<'a, R>(
        &self,
        sql: &str,
        rows: &'a [R],
        run: impl Fn(&mut Statement<'_>, &R) -> rusqlite::Result<usize>,
    ) -> Result<Vec<&'a R>, DbErr> {
        self.with(sql, |statement| {
            let mut missing = Vec::new();
            for row in rows {
                if run(statement, row)? == 0 {
                    missing.push(row);
                }
            }
            Ok(missing)
        })
    }

    /// The rows that have one of these keys.
    fn found<T: FromRow, K: Params>(&self, sql: &str, keys: impl IntoIterator<Item = K>) -> Result<Vec<T>, DbErr> {
        let mut keys = keys.into_iter().peekable();
        if keys.peek().is_none() {
            return Ok(Vec::new());
        }
        self.with(sql, |statement| {
            keys.filter_map(|key| statement.query_row(key, T::from_row).optional().transpose()).collect()
        })
    }
}

impl Drop for HotTx {
    fn drop(&mut self) {
        // SQLite rolls back by itself after some errors, and after others not.
        let is_open = self.level != Level::Ended && !lock(&self.connection).is_autocommit();
        if is_open && let Err(error) = self.roll_back() {
            tracing::debug!(error = %error, "a hot transaction does not end, its connection is closed: {error}");
        }
    }
}
