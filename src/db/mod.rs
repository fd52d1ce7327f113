//! The database: a pool of connections that read, one connection that writes, and how rows are written.
//!
//! What is a database's own is in `sqlite` and `postgres`; what differs between them in an expression is in [`Dialect`].
//! Everything else in the program is SQL that both take.

mod dialect;
mod fault;
mod finds;
#[cfg(test)]
mod fresh;
mod hot;
mod ids;
mod leases;
mod lineage;
mod lock;
mod moving;
mod postgres;
mod rates;
mod reader;
mod rows;
mod sets;
mod sqlite;
mod start;
mod tx;
pub(crate) mod unread;

use std::sync::Arc;

use migration::Difference;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use secrecy::SecretString;
use tokio::sync::{Semaphore, SemaphorePermit};

pub use dialect::Dialect;
pub use fault::{Fault, in_a_line, reason};
pub use finds::{
    blocked_pairs, conversations, direct_conversations, existing_people, member_counts, members_in_blocks_with,
    messages, own_memberships,
};
#[cfg(test)]
pub(crate) use fresh::fresh;
pub use hot::{
    FromRow, HOT_READS, HOT_WRITES, HotConnection, HotReads, SidebarRow, SidebarSelection, StatementRecorder,
};
pub use ids::{ids_in_use, message_ids_in_use};
pub use leases::{Lease, NodePerson, NodeRow};
pub use lineage::{lineage, reset_in, rewound_in};
pub use lock::ServerLock;
pub use moving::{analyze, begin_filling, read_file};
pub use postgres::Listening;
pub use rates::{Count, remove_old_rates};
pub use reader::Reader;
pub use rows::{Row, VALUES, count, insert, insert_if_new, upsert};
pub use sqlite::{check_copy, copy, note_in_copy};
pub use tx::{HotSource, Snapshot, Tx};

use crate::clock::{Timestamp, instant};
use crate::config::DatabaseAddress;
use crate::{limits, metrics};
use postgres::Use;
use reader::within;

/// The connections that read. Clones share them.
#[derive(Clone, Debug)]
pub struct Db {
    /// For statements that read.
    pub reader: Reader,
    /// For the most frequent reads of rows by their keys, tried before the reader.
    pub hot: HotReads,
    dialect: Dialect,
    /// Where to connect to, if it is PostgreSQL.
    postgres: Option<SecretString>,
    turns: Arc<Semaphore>,
}

/// The connection that writes. There is one, and it is not `Clone`: the feed's writer owns it, so that nothing is
/// written that did not go through the feed.
#[derive(Debug)]
pub struct Writer {
    /// The connection itself, for tests that record its statements.
    pub connection: DatabaseConnection,
    /// The connection of hot changes, for SQLite. Without it they are written like all others, as tests want to compare.
    pub hot: Option<HotConnection>,
    dialect: Dialect,
    /// Where to connect again, if it is PostgreSQL.
    postgres: Option<SecretString>,
}

/// Logs the migrations that were applied; of a new database, one line says as much.
pub fn log_migrations(applied: &[String]) {
    match applied {
        [first, .., last] if first.starts_with("m0001_") => {
            tracing::info!(event = "migration.applied", migration = %last, "a new database, with the tables of {last}");
        }
        applied => {
            for migration in applied {
                tracing::info!(event = "migration.applied", migration, "the database was migrated by {migration}");
            }
        }
    }
}

/// Creates the database if it does not exist (SQLite's alone) and runs the migrations that it lacks; returns their names.
/// For serving, `migrate` and `seed` only.
pub async fn migrate(address: &DatabaseAddress) -> anyhow::Result<Vec<String>> {
    match address {
        DatabaseAddress::Sqlite { url, .. } => sqlite::migrate(url).await,
        DatabaseAddress::Postgres { url } => {
            start::ensure_direct(url).await?;
            postgres::migrate(url).await
        }
    }
}

/// Waits for a server that does not take connections yet. Fails if it never will, by these settings.
pub async fn wait_for(address: &DatabaseAddress) -> anyhow::Result<()> {
    match address {
        DatabaseAddress::Sqlite { .. } => Ok(()),
        DatabaseAddress::Postgres { url } => start::wait_for(url, address).await,
    }
}

/// Checks that the database has exactly the migrations of this program.
async fn ensure_current(options: ConnectOptions) -> anyhow::Result<()> {
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
    /// Opens the database, which must exist and have all migrations.
    pub async fn open(address: &DatabaseAddress) -> anyhow::Result<(Self, Writer)> {
        let (dialect, reading, writing, postgres) = match address {
            DatabaseAddress::Sqlite { url, .. } => {
                ensure_current(sqlite::options_that_change_nothing(url)).await?;
                (Dialect::Sqlite, sqlite::options(url, limits::READERS), sqlite::options(url, 1), None)
            }
            DatabaseAddress::Postgres { url } => {
                ensure_current(postgres::options(url, 1, Use::Reading)).await?;
                let reading = postgres::options(url, limits::POSTGRES_READERS, Use::Reading);
                (Dialect::Postgres, reading, postgres::options(url, 1, Use::Writing), Some(url.clone()))
            }
        };
        let connection = Database::connect(writing).await.map_err(in_a_line)?;
        let reader = Database::connect(reading).await.map_err(in_a_line)?;
        let hot = match address {
            DatabaseAddress::Sqlite { url, .. } => Some(HotConnection::open(url).map_err(in_a_line)?),
            DatabaseAddress::Postgres { .. } => None,
        };
        let reader = Reader::new(reader, postgres.is_some().then_some(limits::REQUEST));
        let turns = Arc::new(Semaphore::new(limits::READ_TURNS));
        let hot_reads = address.file().map(|file| HotReads::of_file(file.to_owned())).unwrap_or_default();
        let db = Self { reader, hot: hot_reads, dialect, postgres: postgres.clone(), turns };
        Ok((db, Writer { connection, hot, dialect, postgres }))
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Begins a transaction that only reads, and whose statements all read the same state of the database.
    pub async fn snapshot(&self) -> Result<Snapshot, DbErr> {
        Snapshot::begin(&self.reader, self.dialect).await
    }

    /// Waits for a turn to read what every client requests when it connects. After a restart all of them connect at
    /// once: a task that waits here does not hold a prepared statement yet (15 kB), and its time limit for a connection
    /// has not started. Hold it for one statement, and never while waiting for another turn.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        let began = instant();
        let turn = self.turns.acquire().await.expect("nobody closes it");
        metrics::read_turn(began.elapsed());
        turn
    }

    /// How many connections read, and how many of them are in use.
    pub fn read_connections(&self) -> (u32, u32) {
        let (all, idle) = match self.dialect {
            Dialect::Sqlite => {
                let pool = self.reader.connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
            Dialect::Postgres => {
                let pool = self.reader.connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        (all, all.saturating_sub(u32::try_from(idle).unwrap_or(u32::MAX)))
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        self.reader.execute_unprepared("SELECT 1").await.is_ok()
    }

    /// The size of the database. That of SQLite is without its log.
    pub async fn bytes(&self) -> Result<i64, DbErr> {
        let sql = match self.dialect {
            Dialect::Sqlite => sqlite::BYTES,
            Dialect::Postgres => postgres::BYTES,
        };
        let row = self.reader.query_one_raw(Statement::from_string(self.reader.get_database_backend(), sql)).await?;
        row.map_or(Ok(0), |row| row.try_get("", "bytes"))
    }

    /// Whether other nodes may use it at the same time.
    pub fn is_shared(&self) -> bool {
        self.postgres.is_some()
    }

    /// Begins to hear what nodes say to each other.
    pub async fn listen(&self) -> Result<Listening, DbErr> {
        match &self.postgres {
            Some(url) => Listening::begin(url, postgres::CHANNEL).await,
            None => Err(DbErr::Custom("a file has no other nodes".into())),
        }
    }

    /// Says something to all nodes that listen, this one included.
    pub async fn notify(&self, payloads: &[String]) -> Result<(), DbErr> {
        postgres::notify(&self.reader, payloads).await
    }

    /// Removes deleted data from the write-ahead log too. `false` if another connection was reading or writing: try again
    /// later.
    pub async fn truncate_wal(&self) -> Result<bool, DbErr> {
        match self.dialect {
            Dialect::Sqlite => sqlite::truncate_wal(&self.reader.connection).await,
            // PostgreSQL removes deleted rows by its vacuum, and its log by its own rules.
            Dialect::Postgres => Ok(true),
        }
    }

    /// Closes the connections. When the writer is closed as well, SQLite folds its log into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.hot.close();
        close(self.reader.connection, self.postgres.is_some()).await
    }
}

impl Writer {
    /// Waits for a step of a transaction, for as long as a server may take for it. A file always answers, however slow its
    /// disk is.
    pub async fn within<T>(&self, step: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        within(self.postgres.as_ref().map(|_| limits::WRITE_STATEMENT), step).await
    }

    /// Whether a transaction that failed like this may be done again. If the connection was lost, it has a new one then.
    pub async fn recover(&mut self, error: &DbErr) -> bool {
        let Some(address) = &self.postgres else { return false };
        match Fault::of(error) {
            Fault::Passing | Fault::Broken => false,
            Fault::Repeat => true,
            Fault::Lost => {
                // Not only another connection of the pool: one that hangs would occupy its place.
                let fresh = Database::connect(postgres::options(address, 1, Use::Writing).connect_lazy(true).clone());
                match fresh.await {
                    Ok(fresh) => self.connection = fresh,
                    Err(error) => tracing::warn!(error = %error, "no new connection for the writer: {error}"),
                }
                true
            }
        }
    }

    /// Begins a transaction that holds the lock for writing. `now` is the time of everything that it writes.
    pub async fn begin(&self, now: Timestamp) -> Result<Tx, DbErr> {
        let transaction = match self.dialect {
            Dialect::Sqlite => sqlite::begin_immediate(&self.connection).await?,
            Dialect::Postgres => postgres::begin_with_head(&self.connection).await?,
        };
        Ok(Tx::new(transaction, self.dialect, now))
    }

    /// Closes the connections.
    pub async fn close(self) -> Result<(), DbErr> {
        drop(self.hot);
        close(self.connection, self.postgres.is_some()).await
    }
}

/// Closes connections. Of a server, those that hang are left to it: nothing that they do is waited for any more.
async fn close(connections: DatabaseConnection, are_remote: bool) -> Result<(), DbErr> {
    match are_remote {
        true => tokio::time::timeout(limits::ACQUIRE, connections.close()).await.unwrap_or(Ok(())),
        false => connections.close().await,
    }
}
