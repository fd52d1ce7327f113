//! Files that appear whole or not at all, also after a power cut: written under another name in the same file system,
//! synced, and only then given their own name.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::NamedTempFile;

/// A new, empty file that only this user can read. It is deleted when it is dropped.
#[derive(Debug)]
pub(crate) struct Draft(NamedTempFile);

impl Draft {
    /// A draft in the folder of the file that it will become.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(ErrorKind::InvalidFilename)?.to_string_lossy();
        // tempfile creates files with mode 600.
        tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder(path)).map(Self)
    }

    /// Where it is until it is published.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// For writing.
    pub(crate) fn file(&mut self) -> &mut File {
        self.0.as_file_mut()
    }
}

/// Syncs a file and gives it a name, in place of a file that has it.
pub(crate) fn replace(draft: &Path, path: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    fs::rename(draft, path)?;
    sync(folder(path))
}

/// Syncs a file and gives it a name that is free, besides its own; `false` if it is taken. A link can do that, a rename
/// can't.
pub(crate) fn link(draft: &Path, path: &Path) -> io::Result<bool> {
    File::open(draft)?.sync_all()?;
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        linked => linked?,
    }
    sync(folder(path))?;
    Ok(true)
}

/// A name survives a power cut once its folder is synced.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_is_private_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::beside(&folder.path().join("a")).unwrap();
        assert_eq!(fs::metadata(draft.path()).unwrap().permissions().mode() & 0o777, 0o600);
        drop(draft);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_link_replaces_nothing_and_a_replacement_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (text, is_new) in [("first", true), ("second", false)] {
            let mut draft = Draft::beside(&path).unwrap();
            draft.file().write_all(text.as_bytes()).unwrap();
            assert_eq!(link(draft.path(), &path).unwrap(), is_new);
            drop(draft);
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        }
        let mut draft = Draft::beside(&path).unwrap();
        draft.file().write_all(b"third").unwrap();
        replace(draft.path(), &path).unwrap();
        drop(draft);
        assert_eq!(fs::read_to_string(&path).unwrap(), "third");
        assert_eq!(names(folder.path()), ["a"]);
    }
}
