//! What is SQLite's own: options, pragmas, the write-ahead log, backups and error codes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection, SqliteConnection};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::fault::in_a_line;
use crate::entity::audit_entry;
use crate::limits;

/// The feature is for `scripts/power-cut` alone, which has to see a loss to prove that it would see one.
const SYNCHRONOUS: &str = if cfg!(feature = "test-normal-sync") { "NORMAL" } else { "FULL" };

/// The size of the database's file.
pub(super) const BYTES: &str = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";

/// Options of a pool with this many connections. Creates the file if it does not exist and `url` says so.
pub(super) fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        // Opened at the start and kept: later the process may have no file descriptor left to open one with.
        .min_connections(connections)
        .acquire_timeout(limits::ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .map_sqlx_sqlite_before_acquire(|connection, _| std::future::ready(Ok(is_at_rest(connection))).boxed())
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            settings()
                .into_iter()
                .fold(sqlite, |sqlite, (name, value)| sqlite.pragma(name, value))
                .foreign_keys(true)
                // A page and its end, so that the thread that reads rows never waits for the task that takes them.
                .row_buffer_size(limits::PAGE_SIZE as usize + 2)
                .busy_timeout(limits::BUSY)
        });
    options
}

/// What every connection sets beside its foreign keys.
pub(super) fn settings() -> [(&'static str, String); 4] {
    [
        // A property of the file.
        ("journal_mode", "WAL".to_owned()),
        // FULL makes an acknowledged message survive a power cut; the writer commits in batches to pay for it.
        ("synchronous", SYNCHRONOUS.to_owned()),
        // Deleted data is overwritten, not only unlinked: deleted texts, and erased accounts.
        ("secure_delete", "ON".to_owned()),
        // A long read, such as a backup, makes the log grow: afterwards it shrinks to this.
        ("journal_size_limit", limits::WAL_KEPT_BYTES.to_string()),
    ]
}

/// Creates the database if it does not exist, and runs the migrations that it lacks; returns their names.
pub(super) async fn migrate(url: &str) -> anyhow::Result<Vec<String>> {
    let db = Database::connect(options(url, 1)).await.map_err(in_a_line)?;
    let steps = migration::compare(&db).await.map_err(in_a_line)?;
    super::refuse_newer(&steps)?;
    Migrator::up(&db, None).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    Ok(steps.missing)
}

/// Options of one connection that leaves the file as it is: with [`options`], WAL mode would be written into the file,
/// which may not be ours.
pub(super) fn options_that_change_nothing(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.create_if_missing(false).busy_timeout(limits::BUSY));
    options
}

/// Whether a connection has left its last transaction. SQLite rolls back by itself if a `COMMIT` fails, on a full disk
/// for instance; the library's own `ROLLBACK` then fails and its count of open transactions stays wrong. What it takes
/// for nested transactions from then on is never committed, but would be acknowledged: such a connection is closed.
fn is_at_rest(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Begins a transaction that holds the only lock for writing from its start.
pub(super) async fn begin_immediate(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    connection.begin_with_options(immediate).await
}

/// Removes deleted data from the files: freed pages are overwritten in the database (`secure_delete`), and truncating
/// the write-ahead log removes what it still holds. `false` if another connection was reading or writing. It does not
/// wait for them, since no one could write meanwhile.
pub(super) async fn truncate_wal(reader: &DatabaseConnection) -> Result<bool, DbErr> {
    let failed = |error| DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)));
    let mut connection = reader.get_sqlite_connection_pool().acquire().await.map_err(failed)?;
    let wait = async |connection: &mut SqliteConnection, wait: Duration| {
        let pragma = format!("PRAGMA busy_timeout = {}", wait.as_millis());
        sqlx::query(sqlx::AssertSqlSafe(pragma)).execute(connection).await
    };
    wait(&mut connection, Duration::ZERO).await.map_err(failed)?;
    let is_busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    wait(&mut connection, limits::BUSY).await.map_err(failed)?;
    Ok(is_busy.map_err(failed)? == 0)
}

/// Copies a database to a file, which must be empty. It reads one state from start to end and blocks no writer.
pub async fn copy(database: &Path, file: &Path) -> anyhow::Result<()> {
    let database = SqliteConnectOptions::new().filename(database).create_if_missing(false);
    // The whole database takes a while, which is nothing to warn of.
    let mut database = database.disable_statement_logging().connect().await.context("it cannot be opened")?;
    let file = file.to_str().context("the name of a backup is text")?;
    sqlx::query("VACUUM INTO ?").bind(file).execute(&mut database).await?;
    database.close().await?;
    // Who restores the copy goes back to it: it must not pass for the database that it was made of.
    let copy = SqliteConnectOptions::new().filename(file).disable_statement_logging();
    let mut copy = copy.connect().await?;
    // An older version's has none yet: it gets one by its migration.
    let has_lineage = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'lineage')";
    if sqlx::query_scalar(has_lineage).fetch_one(&mut copy).await? {
        sqlx::query("UPDATE lineage SET name = lower(hex(randomblob(16)))").execute(&mut copy).await?;
    }
    Ok(copy.close().await?)
}

/// Writes an entry of the audit log into a copy, which may be of an older version: what that one has no column for is left
/// out, and all of it if it has no audit log.
pub async fn note_in_copy(copy: &Path, entry: &audit_entry::Model) -> anyhow::Result<()> {
    let copy = SqliteConnectOptions::new().filename(copy).disable_statement_logging();
    let mut copy = copy.connect().await?;
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('audit_entry')").fetch_all(&mut copy).await?;
    if !columns.is_empty() {
        let statement = "INSERT INTO audit_entry (id, at, actor, action, subject_id) VALUES (?, ?, ?, ?, ?)";
        let with_reason =
            "INSERT INTO audit_entry (id, at, actor, action, subject_id, reason) VALUES (?, ?, ?, ?, ?, ?)";
        let has_reason = columns.iter().any(|column| column == "reason");
        let insert = sqlx::query(if has_reason { with_reason } else { statement });
        let insert = insert.bind(entry.id.as_bytes().as_slice()).bind(entry.at.0).bind(&entry.actor);
        let insert = insert.bind(&entry.action).bind(entry.subject_id.as_bytes().as_slice());
        let insert = if has_reason { insert.bind(&entry.reason) } else { insert };
        insert.execute(&mut copy).await?;
    }
    Ok(copy.close().await?)
}

/// Checks a copy, or a database that a server writes to: its pages are in order, no row refers to a missing one, and the feed ends where its head says. Returns
/// the position of the newest event.
pub async fn check_copy(copy: &Path) -> anyhow::Result<i64> {
    let copy = SqliteConnectOptions::new().filename(copy).read_only(true);
    let mut copy = copy.disable_statement_logging().connect().await?;
    // One state of it, whoever writes meanwhile.
    sqlx::query("BEGIN").execute(&mut copy).await?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut copy).await?;
    anyhow::ensure!(verdict == "ok", "{verdict}");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut copy).await?.len();
    anyhow::ensure!(orphans == 0, "{orphans} rows refer to something that is not there");
    let head: i64 = sqlx::query_scalar("SELECT position FROM feed_head").fetch_one(&mut copy).await?;
    let newest: i64 = sqlx::query_scalar("SELECT MAX(position) FROM feed_event").fetch_one(&mut copy).await?;
    anyhow::ensure!(head == newest, "its feed ends at {newest}, and should at {head}");
    copy.close().await?;
    Ok(head)
}
