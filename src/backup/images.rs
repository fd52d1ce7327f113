//! The images of a backup: copied out of the place where the server keeps them, and back into it.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::IMAGES;
use crate::config::Config;
use crate::db::Db;
use crate::images::{self, ObjectState};
use crate::storage::{Key, Scratch, Store};

/// Images that were copied into a backup.
pub(super) struct CopiedImages {
    /// How many are in it.
    pub(super) whole: u64,
    /// How many are missing or damaged where the server has them.
    pub(super) faulty: u64,
}

/// Copies all images into a backup, from the folder or the bucket.
pub(super) async fn copy_out(config: &Config, backup: &Path) -> anyhow::Result<CopiedImages> {
    let from = Store::open(config, &Scratch::new(&config.data_dir))?;
    from.ensure_exists().await?;
    let (to, scratch) = in_backup(config, backup)?;
    let (db, writer) = Db::open(&config.database).await?;
    let mut copied = CopiedImages { whole: 0, faulty: 0 };
    let done = images::copy(&db.reader, &from, &to, |_, state| match state {
        ObjectState::Present | ObjectState::Copied => copied.whole += 1,
        ObjectState::Missing | ObjectState::WrongSize { .. } => copied.faulty += 1,
    });
    let done = done.await;
    // Nothing was written.
    let _ = (writer.close().await, db.close().await);
    done.with_context(|| format!("stopped after {} images", copied.whole))?;
    fs::remove_dir_all(scratch)?;
    Ok(copied)
}

/// Copies the images of a backup to where the settings have them; returns how many. What is there already stays.
pub(super) async fn copy_back(config: &Config, backup: &Path) -> anyhow::Result<u64> {
    let scratch = Scratch::new(&config.data_dir);
    scratch.make()?;
    let to = Store::open(config, &scratch)?;
    to.ensure_exists().await?;
    let mut copied = 0;
    for shelf in fs::read_dir(backup.join(IMAGES))? {
        let shelf = shelf?.path();
        // The id of the place is in there too: it is that of the other place.
        if !shelf.is_dir() {
            continue;
        }
        for file in fs::read_dir(&shelf)? {
            let file = file?;
            let name = file.file_name();
            let Some(key) = name.to_str().and_then(|name| Key::parse(&format!("images/{name}"))) else { continue };
            if to.size(key).await? != Some(file.metadata()?.len()) {
                let bytes = tokio::fs::read(file.path()).await;
                let bytes = bytes.with_context(|| format!("{} cannot be read", file.path().display()))?;
                to.put(key, bytes.into()).await?;
            }
            copied += 1;
        }
    }
    Ok(copied)
}

/// The folder of a backup as a place for images, and its folder of temporary files.
fn in_backup(config: &Config, backup: &Path) -> anyhow::Result<(Store, std::path::PathBuf)> {
    let scratch = Scratch::new(backup);
    scratch.make()?;
    let config = Config { data_dir: backup.to_owned(), ..config.clone() };
    fs::create_dir(backup.join(IMAGES))?;
    Ok((Store::in_folder(&config, &scratch), backup.join("tmp")))
}
