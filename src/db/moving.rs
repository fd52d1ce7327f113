//! The two ends of a move from SQLite to PostgreSQL.

use std::path::Path;

use sea_orm::{Database, DatabaseTransaction};
use secrecy::SecretString;

use super::{Dialect, Reader, Snapshot, ensure_current, in_a_line, postgres, sqlite};

/// One state of a database in a file, which must be there and have all migrations. Nothing is changed, and a server may
/// go on writing.
pub async fn read_file(url: &str, file: &Path) -> anyhow::Result<Snapshot> {
    let is_there = file.try_exists()?;
    anyhow::ensure!(is_there, "there is no such file");
    ensure_current(sqlite::options_that_change_nothing(url)).await?;
    let reader = Database::connect(sqlite::options_that_change_nothing(url)).await.map_err(in_a_line)?;
    Snapshot::begin(&Reader::new(reader, None), Dialect::Sqlite).await.map_err(in_a_line)
}

/// Migrates a database without rows, and begins the one transaction that fills it. Nodes that start meanwhile wait for
/// its end before they look at the database.
pub async fn begin_filling(url: &SecretString) -> anyhow::Result<DatabaseTransaction> {
    postgres::ensure_nobody_elses(url).await?;
    postgres::migrate(url).await?;
    postgres::begin_filling(url).await.map_err(in_a_line)
}

/// Counts what is in the tables, which PostgreSQL would do by itself a minute later: until then it would read whole
/// tables where it has indexes.
pub async fn analyze(url: &SecretString) -> anyhow::Result<()> {
    postgres::analyze(url).await.map_err(in_a_line)
}
