//! Temporary files with random names. They are deleted when dropped, unless they were moved.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use uuid::Uuid;

/// The folder of temporary files. It is on the same file system as their destination, so that they can be renamed into
/// place. Clones share it.
#[derive(Clone, Debug)]
pub struct Scratch(Arc<PathBuf>);

/// A temporary file, deleted on drop.
#[derive(Debug)]
pub struct ScratchFile(PathBuf);

impl Scratch {
    /// The folder below the data folder; [`make`](Self::make) creates it.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("tmp").into())
    }

    /// Creates the folder if it does not exist.
    pub fn make(&self) -> anyhow::Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&*self.0);
        made.with_context(|| format!("the folder {} cannot be created", self.0.display()))
    }

    /// Creates a file, readable by this user only, opened for writing.
    pub fn file(&self) -> io::Result<(ScratchFile, File)> {
        let path = self.0.join(Uuid::new_v4().to_string());
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((ScratchFile(path), file))
    }

    /// Removes files that a killed process left behind: those not written to for this long.
    #[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
    pub fn sweep(&self, idle: Duration) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&*self.0)? {
            let entry = entry?;
            let written = entry.metadata().and_then(|file| file.modified());
            // A file without a readable time was removed in the meantime.
            if written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > idle)) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl ScratchFile {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // It may have been renamed. If it can't be removed, it is swept later.
        let _ = fs::remove_file(&self.0);
    }
}
