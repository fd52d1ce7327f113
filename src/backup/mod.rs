//! Takes a backup: a copy of the database at one moment, also while a server writes to it. It is checked before it gets
//! its name. And puts one back in the place of the database.

mod images;
mod series;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use series::{FolderBackup, TakenInFolder, take_in_folder};

use crate::audit::{AuditAction, Operator};
use crate::clock::Clock;
use crate::config::Config;
use crate::data_dir::{self, with_ending};
use crate::db::{self, ServerLock};
use crate::draft::{self, Draft};

/// The database of a backup that is a folder.
const DATABASE: &str = "parlour.db";
/// Its folder of images, if it has them.
const IMAGES: &str = "images";

/// What to do with PostgreSQL.
const INSTEAD: &str = "back it up with pg_dump, or with its continuous archiving";

/// A backup that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The position of the newest event in it.
    pub position: i64,
    /// Its size.
    pub bytes: u64,
}

/// Copies the database to a file, which must not exist.
pub(crate) async fn take(config: &Config, file: &Path) -> anyhow::Result<Taken> {
    let taken = copy(config, file).await?;
    note_taken(config);
    Ok(taken)
}

/// Notes for the metrics of a server, which is another process, that there is a backup now.
fn note_taken(config: &Config) {
    let file = data_dir::last_backup_file(config);
    // The time of the file says when: whoever may look into the folder sees it, also where another user made the backup.
    let noted = Draft::beside(&file).and_then(|draft| draft::replace(draft.path(), &file));
    if let Err(error) = noted {
        tracing::warn!("the metrics do not know of this backup: {} cannot be written: {error}", file.display());
    }
}

async fn copy(config: &Config, file: &Path) -> anyhow::Result<Taken> {
    let is_there = file.try_exists().with_context(|| format!("{} cannot be looked at", file.display()))?;
    anyhow::ensure!(!is_there, "{} is there already: a backup overwrites nothing", file.display());
    let database = sqlite_file(config, INSTEAD)?;
    data_dir::ensure_database(config)?;
    let (draft, position) = checked_copy(database, file).await?;
    draft::replace(draft.path(), file).with_context(|| format!("{} cannot be written", file.display()))?;
    let bytes = file.metadata()?.len();
    tracing::info!(event = "backup.taken", position, bytes, "a backup was taken: {}", file.display());
    Ok(Taken { position, bytes })
}

/// A backup that is the database now.
#[derive(Debug)]
pub(crate) struct Restored {
    /// The position of the newest event in it.
    pub position: i64,
    /// Where the database went that was there before.
    pub set_aside: Option<PathBuf>,
    /// How many images are where the server looks for them now; `None` if the backup has none.
    pub images: Option<u64>,
}

/// Puts a copy of a backup, a file or a folder, in the place of the database. What was there is set aside. No server may
/// run on it. The images of a folder come first, so that nothing refers to missing ones.
pub(crate) async fn restore(config: &Config, backup: &Path, by: &Operator) -> anyhow::Result<Restored> {
    let database = sqlite_file(config, "restore it with pg_restore, or from its archive")?;
    data_dir::prepare(config)?;
    let Some(_lock) = ServerLock::take(database)? else {
        anyhow::bail!("a server runs on the database {}: stop it first", database.display());
    };
    let is_folder = backup.is_dir();
    let file = if is_folder { backup.join(DATABASE) } else { backup.to_owned() };
    let images = match is_folder && backup.join(IMAGES).is_dir() {
        true => Some(images::copy_back(config, backup).await.context("not all images of the backup are back")?),
        false => None,
    };
    // A copy has a lineage of its own, so that the same backup restored twice is seen as another state.
    let (draft, position) = checked_copy(&file, database).await?;
    // About the server itself, which has no id.
    let done = by.record(AuditAction::DatabaseRestored, Uuid::nil()).row(Clock::default().now());
    db::note_in_copy(draft.path(), &done).await.context("the audit log of the backup cannot be written")?;
    let set_aside = set_aside(database)?;
    draft::replace(draft.path(), database).with_context(|| format!("{} cannot be written", database.display()))?;
    Ok(Restored { position, set_aside, images })
}

/// The file of the database; `instead` says what to do with PostgreSQL.
fn sqlite_file<'a>(config: &'a Config, instead: &str) -> anyhow::Result<&'a Path> {
    config.database.file().with_context(|| format!("the database is PostgreSQL: {instead}"))
}

/// A copy of a database that is to become `file`, and the position of its newest event.
async fn checked_copy(database: &Path, file: &Path) -> anyhow::Result<(Draft, i64)> {
    // Readable only by its owner: it will hold everybody's messages.
    let draft = Draft::beside(file).with_context(|| format!("{} cannot be written", file.display()))?;
    let copied = db::copy(database, draft.path()).await;
    copied.with_context(|| format!("the database {} cannot be copied", database.display()))?;
    let position = db::check_copy(draft.path()).await.context("the copy is not sound")?;
    Ok((draft, position))
}

/// Gives the database's file a second name, and moves its log there: a log does not fit another database. Until it is
/// replaced, a database is in its place. Where it went.
fn set_aside(database: &Path) -> anyhow::Result<Option<PathBuf>> {
    let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let aside = with_ending(database, &format!(".before-{milliseconds}"));
    match std::fs::hard_link(database, &aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        linked => linked.with_context(|| format!("{} cannot be set aside", database.display()))?,
    }
    for end in ["-wal", "-shm"] {
        let log = with_ending(database, end);
        match std::fs::rename(&log, with_ending(&aside, end)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            moved => moved.with_context(|| format!("{} cannot be set aside", log.display()))?,
        }
    }
    Ok(Some(aside))
}
