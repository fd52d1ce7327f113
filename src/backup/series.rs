//! Backups with the images, in a folder with those before: each a folder named by its time, which appears when it is whole.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use time::OffsetDateTime;
use time::macros::format_description;

use super::images::CopiedImages;
use super::{DATABASE, IMAGES, INSTEAD, Taken, copy, images, note_taken, sqlite_file};
use crate::config::Config;
use crate::draft;

/// What the name of a whole backup begins with.
const PREFIX: &str = "parlour-";
/// What the name of one begins with that is being made.
const PARTIAL: &str = ".parlour-";

/// A backup in a folder.
#[derive(Debug)]
pub(crate) struct TakenInFolder {
    /// Where it is.
    pub place: PathBuf,
    /// Its database.
    pub database: Taken,
    /// How many images are in it.
    pub images: u64,
    /// How many were missing or damaged where the server has them.
    pub faulty_images: u64,
    /// Backups that are gone for it.
    pub removed: usize,
}

/// What goes into a folder of backups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FolderBackup {
    /// Whether the images go with it.
    pub with_images: bool,
    /// How many backups stay, with this one; `None`: all.
    pub keep: Option<usize>,
}

/// Makes a backup in a folder. Older ones go only when this one is whole and on the disk: not if an image is missing, which
/// an older one may have. One command at a time.
pub(crate) async fn take_in_folder(
    config: &Config,
    folder: &Path,
    what: FolderBackup,
) -> anyhow::Result<TakenInFolder> {
    // Of PostgreSQL there is none: said before anything is made.
    sqlite_file(config, INSTEAD)?;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let lock = File::options().create(true).append(true).open(folder.join(".lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => anyhow::bail!("another backup is being made in {}", folder.display()),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    for left in named(folder, PARTIAL)? {
        fs::remove_dir_all(&left).with_context(|| format!("{} cannot be removed", left.display()))?;
    }
    let name = name()?;
    let (partial, place) = (folder.join(format!("{PARTIAL}{name}")), folder.join(format!("{PREFIX}{name}")));
    ensure!(!place.exists(), "{} is there already: a backup overwrites nothing", place.display());
    DirBuilder::new().mode(0o700).create(&partial)?;
    let (database, images) = match fill(config, &partial, what.with_images).await {
        Ok(filled) => filled,
        Err(error) => {
            // What is left, the next one removes.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
    };
    fs::rename(&partial, &place)?;
    draft::sync(folder)?;
    // One that lacks an image is none to rely on.
    if images.faulty == 0 {
        note_taken(config);
    }
    let mut removed = 0;
    if let Some(keep) = what.keep.filter(|_| images.faulty == 0) {
        // The new one counts whatever its name says: the clock may have been ahead when the others were made. One without
        // images replaces none that has them.
        let may_go = |old: &PathBuf| *old != place && (what.with_images || !old.join(IMAGES).is_dir());
        let others: Vec<PathBuf> = named(folder, PREFIX)?.into_iter().filter(may_go).collect();
        for old in others.iter().rev().skip(keep.saturating_sub(1)) {
            // Under its other name it is no backup any more, however far its removal comes.
            let gone = folder.join(format!(".{}", old.file_name().unwrap_or_default().display()));
            fs::rename(old, &gone)?;
            fs::remove_dir_all(&gone).with_context(|| format!("{} cannot be removed", gone.display()))?;
            removed += 1;
        }
        draft::sync(folder)?;
    }
    Ok(TakenInFolder { place, database, images: images.whole, faulty_images: images.faulty, removed })
}

async fn fill(config: &Config, partial: &Path, with_images: bool) -> anyhow::Result<(Taken, CopiedImages)> {
    // The database first: what it refers to is there then, or is deleted meanwhile.
    let database = copy(config, &partial.join(DATABASE)).await?;
    let images = match with_images {
        true => images::copy_out(config, partial).await?,
        false => CopiedImages { whole: 0, faulty: 0 },
    };
    draft::sync(partial)?;
    Ok((database, images))
}

/// The backups in a folder, the oldest first. Nothing else has such names.
fn named(folder: &Path, prefix: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let time = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let is_time = time.is_some_and(|time| {
            time.len() == "20260301T000000.000Z".len() && time.starts_with("20") && time.ends_with('Z')
        });
        if is_time && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// A name in the order of time.
fn name() -> anyhow::Result<String> {
    let form = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    Ok(OffsetDateTime::now_utc().format(form)?)
}
