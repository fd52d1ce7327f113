//! Where a server's socket is.

use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::{Config, DatabaseAddress};

/// The name of the only server of a folder.
const NAME: &str = "parlour.sock";
/// The longest path of a socket on Linux, whose address has 108 bytes with a zero at its end.
const LONGEST: usize = 107;

/// The path of a server's socket. The lock of its database makes the server of `DATA_DIR/parlour.db` the only one. All others
/// may share the folder, as nodes on PostgreSQL do, also from several machines: their names have a hash of the machine and
/// the address that they listen on, which no two have at a time.
pub(super) fn of_server(config: &Config, listening: SocketAddr) -> PathBuf {
    let folder = &config.data_dir;
    if config.database.file().is_some_and(|file| identity_of(file) == identity_of(&folder.join("parlour.db"))) {
        return folder.join(NAME);
    }
    let machine = rustix::system::uname();
    let mut hash = Sha256::new();
    hash.update(machine.nodename().to_bytes());
    hash.update(listening.to_string());
    let tag: String = hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("parlour-{tag}.sock"))
}

/// Fails if the system takes no socket at this path.
pub(super) fn ensure_short(path: &Path) -> anyhow::Result<()> {
    let bytes = path.as_os_str().as_bytes().len();
    anyhow::ensure!(
        bytes <= LONGEST,
        "its path has {bytes} bytes, and the system takes {LONGEST}: set DATA_DIR to a shorter one"
    );
    Ok(())
}

/// All sockets of a folder, whether a server answers on them or not.
pub(super) fn all_in(folder: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name == NAME || (name.starts_with("parlour-") && name.ends_with(".sock"))
    };
    let mut found: Vec<PathBuf> = names.filter(is_one).collect();
    found.sort();
    found
}

/// By what a server and a command know that they mean the same database: without its password.
pub(super) fn identity(database: &DatabaseAddress) -> String {
    database.file().map_or_else(|| database.to_string(), identity_of)
}

fn identity_of(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A file that is not there yet has no real path, but its folder does.
    let file = match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), _) => file,
        (Err(_), Ok(folder)) => folder.join(file.file_name().unwrap_or_default()),
        (Err(_), Err(_)) => file.to_owned(),
    };
    file.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_to_fit_into_an_address() {
        assert!(ensure_short(Path::new(&"x".repeat(107))).is_ok());
        let error = ensure_short(Path::new(&"x".repeat(108))).unwrap_err().to_string();
        assert!(error.contains("108 bytes") && error.contains("DATA_DIR"), "{error}");
    }

    #[test]
    fn a_database_is_the_same_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parlour.db");
        let before = identity_of(&file);
        std::fs::write(&file, "").unwrap();
        assert_eq!(identity_of(&file), before, "also before it is there");
        std::fs::create_dir(folder.path().join("other")).unwrap();
        assert_eq!(identity_of(&folder.path().join("other/../parlour.db")), before);
        assert_ne!(identity_of(&folder.path().join("other.db")), before);
    }

    #[test]
    fn only_sockets_of_servers_are_asked() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["parlour.sock", "parlour-0123abcd.sock", "parlour.db", "other.sock", "parlour.sock.old"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = all_in(folder.path());
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["parlour-0123abcd.sock", "parlour.sock"]);
        assert!(all_in(&folder.path().join("nothing")).is_empty());
    }
}
