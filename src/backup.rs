//! Takes a backup: a copy of the database as it is at one moment, also while a server writes to it, checked before it
//! gets its name.

use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions, Connection};

use crate::config::Config;
use crate::data_dir;
use crate::draft::{self, Draft};

/// What a backup holds.
#[derive(Debug)]
pub struct Taken {
    /// The position of the newest event in it.
    pub position: i64,
    /// Its size.
    pub bytes: u64,
}

/// Copies the database to a file that is not there yet.
pub async fn take(config: &Config, file: &Path) -> anyhow::Result<Taken> {
    let is_there = file.try_exists().with_context(|| format!("{} cannot be looked at", file.display()))?;
    anyhow::ensure!(!is_there, "{} is there already: a backup overwrites nothing", file.display());
    data_dir::ensure_database(config)?;
    // For nobody else's eyes: it will hold everybody's messages.
    let draft = Draft::beside(file).with_context(|| format!("{} cannot be written", file.display()))?;
    copy(config, draft.path()).await?;
    let position = check(draft.path()).await.context("the copy is not sound")?;
    draft::replace(draft.path(), file).with_context(|| format!("{} cannot be written", file.display()))?;
    let bytes = file.metadata()?.len();
    Ok(Taken { position, bytes })
}

/// SQLite reads one state of the database from the start to the end of this, without keeping anybody from writing.
async fn copy(config: &Config, draft: &Path) -> anyhow::Result<()> {
    let database = SqliteConnectOptions::from_str(&config.database_url)?.create_if_missing(false).connect().await;
    let mut database =
        database.with_context(|| format!("the database {} cannot be opened", config.database_file.display()))?;
    let draft = draft.to_str().context("the name of a backup is text")?;
    let copied = sqlx::query("VACUUM INTO ?").bind(draft).execute(&mut database).await;
    copied.context("the database cannot be copied")?;
    Ok(database.close().await?)
}

/// Reads the copy as a start would: all its pages are in order, and the feed ends where its head says.
async fn check(copy: &Path) -> anyhow::Result<i64> {
    let mut copy = SqliteConnectOptions::new().filename(copy).read_only(true).connect().await?;
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
