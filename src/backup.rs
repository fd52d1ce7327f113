//! Takes a backup: a copy of the database at one moment, also while a server writes to it. It is checked before it gets
//! its name.

use std::path::Path;

use anyhow::Context;

use crate::config::{Config, DatabaseAddress};
use crate::data_dir;
use crate::db;
use crate::draft::{self, Draft};

/// A backup that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The position of the newest event in it.
    pub position: i64,
    /// Its size.
    pub bytes: u64,
}

/// Copies the database to a file, which must not exist.
pub async fn take(config: &Config, file: &Path) -> anyhow::Result<Taken> {
    let is_there = file.try_exists().with_context(|| format!("{} cannot be looked at", file.display()))?;
    anyhow::ensure!(!is_there, "{} is there already: a backup overwrites nothing", file.display());
    let DatabaseAddress::Sqlite { url, file: database } = &config.database else {
        anyhow::bail!("the database is PostgreSQL: back it up with pg_dump, or with its continuous archiving");
    };
    data_dir::ensure_database(config)?;
    // Readable only by its owner: it will hold everybody's messages.
    let draft = Draft::beside(file).with_context(|| format!("{} cannot be written", file.display()))?;
    let copied = db::copy(url, draft.path()).await;
    copied.with_context(|| format!("the database {} cannot be copied", database.display()))?;
    let position = db::check_copy(draft.path()).await.context("the copy is not sound")?;
    draft::replace(draft.path(), file).with_context(|| format!("{} cannot be written", file.display()))?;
    let bytes = file.metadata()?.len();
    Ok(Taken { position, bytes })
}
