//! The database: a pool of connections that read, one connection that writes, and how rows are written.
//!
//! What is SQLite's own is in `sqlite`; what differs between databases in an expression is in [`Dialect`]. Everything
//! else in the program is SQL that PostgreSQL takes as well.

mod dialect;
mod fault;
mod lock;
mod rows;
mod sets;
mod sqlite;
mod tx;

use std::sync::Arc;

use migration::{Difference, Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use dialect::Dialect;
pub use fault::Fault;
pub use lock::ServerLock;
pub use rows::{VALUES, insert, upsert};
pub use sqlite::{check_copy, copy, in_a_line};
pub use tx::{Snapshot, Tx};

use crate::clock::Timestamp;
use crate::limits;

/// The connections that read. Clones share them.
#[derive(Clone, Debug)]
pub struct Db {
    /// For statements that read.
    pub reader: DatabaseConnection,
    dialect: Dialect,
    turns: Arc<Semaphore>,
}

/// The connection that writes. There is one, and it is not `Clone`: the feed's writer owns it, so that nothing is
/// written that did not go through the feed.
#[derive(Debug)]
pub struct Writer {
    /// The connection itself, for tests that record its statements.
    pub connection: DatabaseConnection,
    dialect: Dialect,
}

/// Creates the SQLite database at `url` if it does not exist and runs the migrations that it lacks; returns their names.
/// For serving, `migrate` and `seed` only.
pub async fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let db = Database::connect(sqlite::options(url, 1)).await.map_err(in_a_line)?;
    let steps = migration::compare(&db).await.map_err(in_a_line)?;
    refuse_newer(&steps)?;
    Migrator::up(&db, None).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    Ok(steps.missing)
}

/// Checks that the database has exactly the migrations of this program.
async fn ensure_current(url: &str) -> anyhow::Result<()> {
    let db = Database::connect(sqlite::options_that_change_nothing(url)).await.map_err(in_a_line)?;
    let steps = migration::compare(&db).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    refuse_newer(&steps)?;
    anyhow::ensure!(
        steps.missing.is_empty(),
        "it was made by an older Parlour and lacks {}: stop the server and run `parlour migrate` first",
        steps.missing.join(", ")
    );
    Ok(())
}

fn refuse_newer(steps: &Difference) -> anyhow::Result<()> {
    anyhow::ensure!(
        steps.unknown.is_empty(),
        "it was migrated by a newer Parlour, which knows {}: start that one, or restore a backup from before",
        steps.unknown.join(", ")
    );
    Ok(())
}

impl Db {
    /// Opens the SQLite database at `url`, which must exist and have all migrations.
    pub async fn open(url: &str) -> anyhow::Result<(Self, Writer)> {
        ensure_current(url).await?;
        let dialect = Dialect::Sqlite;
        let connection = Database::connect(sqlite::options(url, 1)).await.map_err(in_a_line)?;
        let reader = Database::connect(sqlite::options(url, limits::READERS)).await.map_err(in_a_line)?;
        let turns = Arc::new(Semaphore::new(limits::READ_TURNS));
        Ok((Self { reader, dialect, turns }, Writer { connection, dialect }))
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Begins a transaction that only reads, and whose statements all read the same state of the database.
    pub async fn snapshot(&self) -> Result<Snapshot, DbErr> {
        Snapshot::begin(&self.reader).await
    }

    /// Waits for a turn to read what every client requests when it connects. After a restart all of them connect at
    /// once: a task that waits here does not hold a prepared statement yet (15 kB), and its time limit for a connection
    /// has not started. Hold it for one statement, and never while waiting for another turn.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("nobody closes it")
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        self.reader.execute_unprepared("SELECT 1").await.is_ok()
    }

    /// Removes deleted data from the write-ahead log too. `false` if another connection was reading or writing: try again
    /// later.
    pub async fn truncate_wal(&self) -> Result<bool, DbErr> {
        sqlite::truncate_wal(&self.reader).await
    }

    /// Closes the connections. When the writer is closed as well, SQLite folds its log into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await
    }
}

impl Writer {
    /// Begins a transaction that holds the lock for writing. `now` is the time of everything that it writes.
    pub async fn begin(&self, now: Timestamp) -> Result<Tx, DbErr> {
        Ok(Tx::new(sqlite::begin_immediate(&self.connection).await?, self.dialect, now))
    }

    /// Closes the connection.
    pub async fn close(self) -> Result<(), DbErr> {
        self.connection.close().await
    }
}
