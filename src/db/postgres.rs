//! What is PostgreSQL's own: options, timeouts, the lock on the feed's head, migrations beside other nodes, and error
//! codes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sea_orm::sqlx::{self, Connection, Executor};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, Statement,
    TransactionTrait,
};
use secrecy::{ExposeSecret, SecretString};

use super::Tx;
use super::fault::in_a_line;
use crate::limits;

/// The oldest version that is supported, as `server_version_num` has it.
const OLDEST: i32 = 150_000;

/// The advisory lock of whoever migrates.
const MIGRATING: i64 = 0x7061_726c_6f75_7201;

/// The channel on which nodes talk to each other.
pub(super) const CHANNEL: &str = "parlour";

/// The size of the database with its indexes.
pub(super) const BYTES: &str = "SELECT pg_database_size(current_database()) AS bytes";

/// What a pool's connections are for: it decides their time limits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    /// Statements that read.
    Reading,
    /// The transactions of the feed's writer. A node that stops with the lock on the feed's head in hand is thrown out
    /// within a second: all other nodes wait for it.
    Writing,
    /// Migrations: as long as they take.
    Migrating,
}

impl Use {
    /// The settings of a session, in milliseconds; 0 means no limit.
    fn settings(self) -> String {
        let (statement, lock, idle) = match self {
            Self::Reading => (limits::REQUEST, Duration::ZERO, limits::REQUEST),
            Self::Writing => (limits::WRITE_STATEMENT, limits::WRITE_STATEMENT, limits::WRITE_IDLE),
            Self::Migrating => (Duration::ZERO, Duration::ZERO, Duration::ZERO),
        };
        format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};
             SET default_transaction_isolation = 'read committed'; SET client_min_messages = 'warning'",
            statement.as_millis(),
            lock.as_millis(),
            idle.as_millis()
        )
    }
}

/// Options of a pool with at most this many connections.
pub(super) fn options(url: &SecretString, connections: u32, used_for: Use) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose_secret());
    let settings = used_for.settings();
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(limits::ACQUIRE)
        .connect_timeout(limits::ACQUIRE)
        // After a restart of the server each connection would fail once; those in use need no test.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(limits::IDLE_CONNECTION)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(common)
        .map_sqlx_postgres_pool_opts(move |pool| {
            let settings = settings.clone();
            // Not as parameters of the connection's start, which PgBouncer does not take.
            pool.after_connect(move |connection: &mut PgConnection, _| {
                let settings = settings.clone();
                async move { connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(settings))).await.map(drop) }.boxed()
            })
            // The pool asks a connection that comes back whether it still works, and would wait for the answer for ever:
            // a network that has gone silent would take one place after another.
            .after_release(|connection, _| is_alive(connection).boxed())
        });
    options
}

/// What all connections have in common. PgBouncer takes no `extra_float_digits`, and no table has a float.
pub(super) fn common(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("parlour").extra_float_digits(None)
}

async fn is_alive(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let silent = |_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
    tokio::time::timeout(limits::ACQUIRE, connection.ping()).await.unwrap_or_else(silent)?;
    Ok(true)
}

/// Runs the migrations that the database lacks; returns their names. Of several nodes that start at once one migrates,
/// and the others wait.
pub(super) async fn migrate(url: &SecretString) -> anyhow::Result<Vec<String>> {
    // One connection: the lock belongs to it.
    let db = Database::connect(options(url, 1, Use::Migrating)).await.map_err(in_a_line)?;
    ensure_supported(&db).await?;
    let lock = |call: &str| Statement::from_string(db.get_database_backend(), format!("SELECT {call}({MIGRATING})"));
    db.query_one_raw(lock("pg_advisory_lock")).await.map_err(in_a_line)?;
    let steps = migration::compare(&db).await.map_err(in_a_line)?;
    super::refuse_newer(&steps)?;
    Migrator::up(&db, None).await.map_err(in_a_line)?;
    // Closing the connection would release it too, but a pooler may keep it open.
    db.query_one_raw(lock("pg_advisory_unlock")).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    Ok(steps.missing)
}

/// Refuses a server that is too old, or that stores texts as anything but UTF-8.
async fn ensure_supported(db: &DatabaseConnection) -> anyhow::Result<()> {
    let sql = "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name,
                      current_setting('server_encoding') AS encoding";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.map_err(in_a_line)?;
    let row = row.context("the server does not report its version")?;
    let (name, encoding): (String, String) = (row.try_get("", "name")?, row.try_get("", "encoding")?);
    ensure_fits(row.try_get("", "number")?, &name, &encoding)
}

fn ensure_fits(version: i32, name: &str, encoding: &str) -> anyhow::Result<()> {
    anyhow::ensure!(version >= OLDEST, "it is PostgreSQL {name}: Parlour needs 15 or later");
    anyhow::ensure!(encoding == "UTF8", "its encoding is {encoding}: create the database with ENCODING 'UTF8'");
    Ok(())
}

/// Refuses a database that has tables, and none of Parlour's.
pub(super) async fn ensure_nobody_elses(url: &SecretString) -> anyhow::Result<()> {
    let db = connect(url).await.map_err(in_a_line)?;
    let sql = "SELECT table_name::text AS name FROM information_schema.tables
                WHERE table_schema = current_schema() AND NOT EXISTS (
                  SELECT 1 FROM information_schema.tables
                   WHERE table_schema = current_schema() AND table_name = 'seaql_migrations') LIMIT 1";
    let other = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.map_err(in_a_line)?;
    db.close().await.map_err(in_a_line)?;
    let Some(other) = other else { return Ok(()) };
    let name: String = other.try_get("", "name")?;
    anyhow::bail!("it has a table {name} that is not Parlour's: create an empty database")
}

/// A connection to look around with.
pub(super) async fn connect(url: &SecretString) -> Result<DatabaseConnection, DbErr> {
    Database::connect(options(url, 1, Use::Reading)).await
}

/// Begins a transaction without time limits. It holds the lock of whoever migrates, which every node takes when it
/// starts, and the feed's head, which every batch takes.
pub(super) async fn begin_filling(url: &SecretString) -> Result<DatabaseTransaction, DbErr> {
    let transaction = Database::connect(options(url, 1, Use::Migrating)).await?.begin().await?;
    let lock = format!("SELECT pg_advisory_xact_lock({MIGRATING})");
    transaction.query_one_raw(Statement::from_string(transaction.get_database_backend(), lock)).await?;
    transaction.execute_unprepared("LOCK TABLE feed_head IN EXCLUSIVE MODE").await?;
    Ok(transaction)
}

/// Collects the statistics that plans of queries are chosen by.
pub(super) async fn analyze(url: &SecretString) -> Result<(), DbErr> {
    let db = Database::connect(options(url, 1, Use::Migrating)).await?;
    db.execute_unprepared("ANALYZE").await?;
    db.close().await
}

/// Begins a transaction that holds the lock on the feed's head, as a transaction of SQLite that begins `IMMEDIATE` holds
/// the lock for writing: what it reads no other node is changing, and positions come in commit order.
pub(super) async fn begin_with_head(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = connection.begin().await?;
    let lock = "SELECT position FROM feed_head WHERE id = 1 FOR UPDATE";
    transaction.query_one_raw(Statement::from_string(transaction.get_database_backend(), lock)).await?;
    Ok(transaction)
}

/// Takes positions as [`Tx::take_positions`] does, and announces the new head to all nodes, once it is committed.
pub(super) async fn take_positions(tx: &Tx, count: i64) -> Result<(i64, Option<i64>), DbErr> {
    // As the bus writes its signal `Feed`.
    let sql = r#"UPDATE feed_head SET position = position + $1 WHERE id = 1
                 RETURNING position, pg_notify($2, '{"feed":' || position || '}')::text,
                   (SELECT e.nonce FROM feed_event e WHERE e.position = feed_head.position - $1) AS nonce"#;
    let values = [count.into(), CHANNEL.into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let head = tx.query_one_raw(statement).await?.ok_or_else(|| DbErr::Custom("the feed has no head".into()))?;
    Ok((head.try_get::<i64>("", "position")? - count, head.try_get("", "nonce")?))
}

/// A connection that hears what nodes say to each other.
pub struct Listening(PgListener);

impl Listening {
    /// Begins to listen on a channel.
    pub(super) async fn begin(url: &SecretString, channel: &str) -> Result<Self, DbErr> {
        let listen = async {
            let options = common(url.expose_secret().parse()?);
            let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
            let mut listener = PgListener::connect_with(&pool.connect_with(options).await?).await?;
            // A lost connection is reported, and not hidden: what was sent meanwhile is lost.
            listener.eager_reconnect(false);
            listener.listen(channel).await?;
            Ok(Self(listener))
        };
        in_time(listen).await
    }

    /// Waits for the next payload. After a silence it asks whether the connection is still there.
    pub async fn next(&mut self) -> Result<String, DbErr> {
        loop {
            match tokio::time::timeout(limits::BUS_SILENCE, self.0.try_recv()).await {
                Ok(Ok(Some(notification))) => return Ok(notification.payload().to_owned()),
                Ok(Ok(None)) => return Err(lost("the connection was lost")),
                Ok(Err(error)) => return Err(failed(error)),
                Err(_) => in_time(async { self.0.execute(sqlx::raw_sql("SELECT 1")).await.map(drop) }).await?,
            }
        }
    }
}

/// Says something to all nodes that listen.
pub(super) async fn notify(reader: &impl ConnectionTrait, payloads: &[String]) -> Result<(), DbErr> {
    let calls: Vec<String> = (0..payloads.len()).map(|number| format!("pg_notify($1, ${})", number + 2)).collect();
    let values = std::iter::once(CHANNEL).chain(payloads.iter().map(String::as_str)).map(Into::into);
    let sql = format!("SELECT {}", calls.join(", "));
    reader.execute_raw(Statement::from_sql_and_values(reader.get_database_backend(), sql, values)).await.map(drop)
}

async fn in_time<T>(step: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbErr> {
    match tokio::time::timeout(limits::ACQUIRE, step).await {
        Ok(done) => done.map_err(failed),
        Err(_) => Err(lost("the server does not answer")),
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

fn lost(why: &str) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.into()))
}

#[cfg(test)]
mod tests {
    use super::ensure_fits;

    #[test]
    fn a_server_before_version_15_is_refused_by_its_name() {
        assert!(ensure_fits(150_000, "15.0", "UTF8").is_ok());
        let refused = ensure_fits(140_012, "14.12 (Debian 14.12-1)", "UTF8").expect_err("too old").to_string();
        assert_eq!(refused, "it is PostgreSQL 14.12 (Debian 14.12-1): Parlour needs 15 or later");
        assert!(ensure_fits(150_000, "15.0", "LATIN1").is_err());
    }
}
