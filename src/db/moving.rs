//! The two ends of a move from SQLite to PostgreSQL.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DatabaseTransaction, Statement};
use secrecy::SecretString;

use super::{Dialect, Reader, Snapshot, ensure_current, in_a_line, postgres, sqlite, start};

/// One state of a database in a file, which must be there and have all migrations. Nothing is changed, and a server may
/// go on writing.
pub async fn read_file(url: &str, file: &Path) -> anyhow::Result<Snapshot> {
    let is_there = file.try_exists()?;
    anyhow::ensure!(is_there, "there is no such file");
    ensure_current(sqlite::options_that_change_nothing(url)).await?;
    let reader = Database::connect(sqlite::options_that_change_nothing(url)).await.map_err(in_a_line)?;
    Snapshot::begin(&Reader::new(reader, None), Dialect::Sqlite).await.map_err(in_a_line)
}

/// Migrates a database that has no rows in these tables, and begins the one transaction that fills them. Nodes that start
/// meanwhile wait for its end before they look at the database.
pub async fn begin_filling(url: &SecretString, tables: &[&str]) -> anyhow::Result<DatabaseTransaction> {
    start::ensure_direct(url).await?;
    // First, as migrating would change a database that somebody uses.
    postgres::ensure_nobody_elses(url).await?;
    let nodes = postgres::connect(url).await.map_err(in_a_line)?;
    ensure_empty(&nodes, tables).await?;
    nodes.close().await.map_err(in_a_line)?;
    postgres::migrate(url).await?;
    let to = postgres::begin_filling(url).await.map_err(in_a_line)?;
    ensure_empty(&to, tables).await?;
    Ok(to)
}

/// Refuses a database in which anything was written since it was migrated.
async fn ensure_empty(to: &impl ConnectionTrait, tables: &[&str]) -> anyhow::Result<()> {
    let ask = async |sql: String| to.query_one_raw(Statement::from_string(to.get_database_backend(), sql)).await;
    for table in tables {
        let is_there =
            ask(format!("SELECT 1 WHERE to_regclass('\"{table}\"') IS NOT NULL")).await.map_err(in_a_line)?;
        let any = match is_there {
            Some(_) => ask(format!("SELECT 1 FROM \"{table}\" LIMIT 1")).await.map_err(in_a_line)?,
            None => None,
        };
        anyhow::ensure!(any.is_none(), "it is not empty: there are rows in its table {table}");
    }
    Ok(())
}

/// Counts what is in the tables, which PostgreSQL would do by itself a minute later: until then it would read whole
/// tables where it has indexes.
pub async fn analyze(url: &SecretString) -> anyhow::Result<()> {
    postgres::analyze(url).await.map_err(in_a_line)
}
