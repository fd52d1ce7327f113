//! Files in the data folder are accessible to the server's user only, whatever the folder's mode and the umask.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::images::{new_id, pictures, send};
use crate::support::{Server, soon};

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// All files and folders below a folder.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { [everything_in(&path), vec![path]].concat() } else { vec![path] })
        .collect()
}

fn names(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.file_name().expect("a name").to_str().expect("text")).collect()
}

/// A server that has never been started, with a world-readable data folder and umask.
fn in_an_open_folder() -> (Server, PathBuf) {
    let launcher = ["bash", "-c", "umask 000 && exec \"$@\"", "bash"].map(str::to_owned);
    let server = Server::prepare(&[]).launched_by(launcher.to_vec());
    let data = server.folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    set_mode(&data, 0o755);
    (server, data)
}

#[tokio::test]
async fn in_a_world_readable_folder_files_are_private_and_a_warning_is_logged() {
    let (mut server, data) = in_an_open_folder();

    server.start_again().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let sent = send(&server, &ada, &bob, &new_id(), &pictures::jpeg(8, 8)).await.expect("an answer");
    assert!(sent["data"]["sendMessage"]["image"]["url"].is_string(), "{sent}");
    let backup = soon(server.command("backup").arg("copy.db").output()).await.expect("the program runs");
    assert!(backup.status.success(), "{backup:?}");

    let made = everything_in(&data);
    for name in ["parlour.db", "parlour.db-wal", "parlour.db-shm", "jwt-secret", "images", "tmp"] {
        assert!(names(&made).contains(&name), "{name} is not in {made:?}");
    }
    for path in &made {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert_eq!(mode(&data), 0o755, "an existing folder keeps its mode");
    assert_eq!(mode(&server.folder().join("copy.db")), 0o600);
    let log = server.log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("WARN")).collect();
    let [warning] = warnings[..] else { panic!("{log}") };
    let says =
        format!("the data folder {0} is open to others on this machine (mode 755): chmod 700 {0}", data.display());
    assert!(warning.contains(&says), "{warning}");
    server.stop().await;
}

#[tokio::test]
async fn permissions_left_by_an_earlier_version_are_tightened_at_the_start() {
    let (mut server, data) = in_an_open_folder();
    server.start_again().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    send(&server, &ada, &bob, &new_id(), &pictures::jpeg(8, 8)).await.expect("an answer");
    // Killed, so that the write-ahead log is still beside the database.
    server.kill().await;
    set_mode(&data, 0o700);
    let open = ["parlour.db", "parlour.db-wal", "parlour.db-shm", "jwt-secret", "images", "tmp"];
    for name in open {
        set_mode(&data.join(name), if data.join(name).is_dir() { 0o755 } else { 0o644 });
    }
    let before = server.log().len();

    server.start_again().await;

    for name in open {
        assert_eq!(mode(&data.join(name)) & 0o077, 0, "{name}");
        let says = format!("{} was open to others on this machine", data.join(name).display());
        assert_eq!(server.log()[before..].matches(&says).count(), 1, "{}", server.log());
    }
    server.stop().await;
    let before = server.log().len();
    server.start_again().await;
    assert!(!server.log()[before..].contains("open to others"), "{}", server.log());
    server.stop().await;
}
