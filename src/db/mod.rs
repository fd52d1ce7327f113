//! The database: one connection that writes, a pool that reads, both on the newest tables; and how rows are written.

mod rows;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use migration::{Difference, Migrator, MigratorTrait};
use sea_orm::sqlx::{self, Connection, SqliteConnection};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, RuntimeErr};

use tokio::sync::{Semaphore, SemaphorePermit};

pub use rows::{VALUES, insert, upsert};

use crate::limits;

/// The database, as two sets of connections.
#[derive(Clone, Debug)]
pub struct Db {
    /// For the feed's writer and nobody else: on SQLite only one can write, and two that try wait for each other.
    pub writer: DatabaseConnection,
    /// For everything that only reads.
    pub reader: DatabaseConnection,
    turns: Arc<Semaphore>,
}

/// Makes the SQLite database at `url` where there is none, and brings it to the newest tables: the steps that this took.
/// For serving, `migrate` and `seed` only.
pub async fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let db = Database::connect(sqlite(url, 1)).await.map_err(in_a_line)?;
    let steps = migration::compare(&db).await.map_err(in_a_line)?;
    refuse_newer(&steps)?;
    Migrator::up(&db, None).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    Ok(steps.missing)
}

/// Whether the database has exactly the tables of this program. Read without our settings, as WAL would be written into
/// the file, which may be somebody else's.
async fn ensure_current(url: &str) -> anyhow::Result<()> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).busy_timeout(limits::BUSY));
    let db = Database::connect(options).await.map_err(in_a_line)?;
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
    /// Opens the SQLite database at `url`, which must be there and have the newest tables.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        ensure_current(url).await?;
        let writer = Database::connect(sqlite(url, 1)).await.map_err(in_a_line)?;
        let reader = Database::connect(sqlite(url, limits::READERS)).await.map_err(in_a_line)?;
        Ok(Self { writer, reader, turns: Arc::new(Semaphore::new(limits::READ_TURNS)) })
    }

    /// Waits for a turn to look up what every client asks for as it begins. After a restart all of them come at once:
    /// who waits here holds no statement yet, which takes 15 kB, and is not among those whose time to get a connection
    /// runs. Held for one statement, and never while waiting for another turn.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("nobody closes it")
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        self.reader.execute_unprepared("SELECT 1").await.is_ok()
    }

    /// Takes out of the files what was deleted: pages are overwritten when they are freed, and what still stands in the
    /// log goes by cutting it. `false` where somebody reads or writes just now: try again later. It is not waited for
    /// them, as nobody can write meanwhile.
    pub async fn forget_the_past(&self) -> Result<bool, DbErr> {
        let failed = |error| DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)));
        let mut connection = self.reader.get_sqlite_connection_pool().acquire().await.map_err(failed)?;
        let wait = async |connection: &mut SqliteConnection, wait: Duration| {
            let pragma = format!("PRAGMA busy_timeout = {}", wait.as_millis());
            sqlx::query(sqlx::AssertSqlSafe(pragma)).execute(connection).await
        };
        wait(&mut connection, Duration::ZERO).await.map_err(failed)?;
        let is_busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
        wait(&mut connection, limits::BUSY).await.map_err(failed)?;
        Ok(is_busy.map_err(failed)? == 0)
    }

    /// Closes all connections; SQLite then folds its log into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// Whether a connection has left its last transaction. SQLite rolls back by itself where a `COMMIT` fails, on a full
/// disk for instance, and the library's own `ROLLBACK` then fails and leaves it counting. What it takes for nested
/// transactions from there on is never committed, and would be acknowledged all the same: such a connection is closed.
fn is_at_rest(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// What is wrong with a database, for the one who starts the program. The library's errors say their cause twice.
fn in_a_line(error: DbErr) -> anyhow::Error {
    // SQLite's READONLY and CANTOPEN, also for the files that it keeps beside the database.
    const NOT_WRITABLE: [&str; 2] = ["8", "14"];
    match &error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
            if let Some(cause) = cause.as_database_error() =>
        {
            let is_about_rights = cause.code().is_some_and(|code| NOT_WRITABLE.contains(&code.as_ref()));
            let hint = if is_about_rights { ": the program must be able to write it, and its folder" } else { "" };
            anyhow::anyhow!("{}{hint}", cause.message())
        }
        _ => error.into(),
    }
}

/// The feature is for `scripts/power-cut` alone, which has to see a loss to be believed that there is none.
const SYNCHRONOUS: &str = if cfg!(feature = "test-normal-sync") { "NORMAL" } else { "FULL" };

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        // All of them from the start, for good: later there may be no file left to open one with.
        .min_connections(connections)
        .acquire_timeout(limits::ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .map_sqlx_sqlite_before_acquire(|connection, _| std::future::ready(Ok(is_at_rest(connection))).boxed())
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            // WAL stays with the file; FULL makes an acknowledged message survive a power cut, and the writer's batches
            // pay for it.
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", SYNCHRONOUS)
                // What is deleted is overwritten, not only no longer found: deleted texts, and people who left for good.
                .pragma("secure_delete", "ON")
                .foreign_keys(true)
                // A page and its end, so that the thread that reads them is never stopped by who takes them.
                .row_buffer_size(limits::PAGE_SIZE as usize + 2)
                .busy_timeout(limits::BUSY)
        });
    options
}
