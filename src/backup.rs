//! Takes a backup: a copy of the database at one moment, also while a server writes to it. It is checked before it gets
//! its name.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::Config;
use crate::data_dir;
use crate::db;

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
    data_dir::ensure_database(config)?;
    let draft = Draft::beside(file)?;
    let copied = db::copy(&config.database_url, draft.path()).await;
    copied.with_context(|| format!("the database {} cannot be copied", config.database_file.display()))?;
    let position = db::check_copy(draft.path()).await.context("the copy is not sound")?;
    let bytes = draft.become_whole(file).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(Taken { position, bytes })
}

/// A file under a temporary name; deleted unless it is completed.
struct Draft {
    path: PathBuf,
    folder: PathBuf,
}

impl Draft {
    /// An empty file that only its owner can read: it will have everybody's messages.
    fn beside(file: &Path) -> anyhow::Result<Self> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = file.file_name().context("a backup is a file")?.to_string_lossy();
        let path = folder.join(format!(".{name}.{}", std::process::id()));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path, folder: folder.to_owned() })
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it once it is on the disk.
    fn become_whole(self, file: &Path) -> std::io::Result<u64> {
        let whole = File::open(&self.path)?;
        whole.sync_all()?;
        fs::rename(&self.path, file)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(whole.metadata()?.len())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing to delete.
        let _ = fs::remove_file(&self.path);
    }
}
