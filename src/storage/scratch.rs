//! Files that are being written: they have no name that anybody knows, and are gone when nobody works on them any more.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use uuid::Uuid;

/// The folder of such files, beside what they become: a file can only be renamed within a disk. Clones share it.
#[derive(Clone, Debug)]
pub struct Scratch(Arc<PathBuf>);

/// A file, until this is dropped.
#[derive(Debug)]
pub struct ScratchFile(PathBuf);

impl Scratch {
    /// The folder below the data folder; [`make`](Self::make) makes it.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("tmp").into())
    }

    /// Makes the folder where it is not there.
    pub fn make(&self) -> anyhow::Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&*self.0);
        made.with_context(|| format!("the folder {} cannot be made", self.0.display()))
    }

    /// A new file, for nobody else's eyes, open to be written.
    pub fn file(&self) -> io::Result<(ScratchFile, File)> {
        let path = self.0.join(Uuid::new_v4().to_string());
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((ScratchFile(path), file))
    }

    /// Removes what a process that was killed has left: files that nobody has written to for so long.
    #[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
    pub fn sweep(&self, idle: Duration) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&*self.0)? {
            let entry = entry?;
            let written = entry.metadata().and_then(|file| file.modified());
            // One whose time can't be told is gone already.
            if written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > idle)) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl ScratchFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // It may have been renamed to what it has become. One that can't be removed is swept later.
        let _ = fs::remove_file(&self.0);
    }
}
