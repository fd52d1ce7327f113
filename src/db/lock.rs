//! The lock of the server that a SQLite database belongs to. Two servers on one file would each know only their own
//! sockets: people of one would be offline at the other.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::fault::NOT_WRITABLE;

/// Held by the one server of a database, until it is dropped or the process ends, however it ends.
///
/// It is a file of its own beside the database: SQLite loses its own locks when a process closes any handle of the
/// database's file.
#[derive(Debug)]
pub struct ServerLock(#[expect(dead_code, reason = "the lock is released with it")] Option<File>);

impl ServerLock {
    /// What a database needs that many servers share.
    pub fn of_many() -> Self {
        Self(None)
    }

    /// Takes the lock of a database; `None` if another server holds it. Creates the lock's file, and not the database.
    pub fn take(database: &Path) -> anyhow::Result<Option<Self>> {
        let path = lock_file(database);
        let file = File::options().create(true).append(true).open(&path).map_err(in_a_line)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(Some(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}

/// The file of the lock: `parlour.db.lock` for `parlour.db`, and for a link to it.
fn lock_file(database: &Path) -> PathBuf {
    // It cannot be resolved before it is there.
    database.canonicalize().unwrap_or_else(|_| database.to_owned()).with_added_extension("lock")
}

fn in_a_line(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => anyhow::anyhow!("the disk is full"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => anyhow::anyhow!("{error}{NOT_WRITABLE}"),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.db"), folder.path().join("other.db"));
        let server = ServerLock::take(&one).unwrap().unwrap();
        assert!(ServerLock::take(&one).unwrap().is_none());
        assert!(ServerLock::take(&other).unwrap().is_some());
        drop(server);
        assert!(ServerLock::take(&one).unwrap().is_some());
        assert!(!one.exists(), "the database itself is not touched");
    }
}
