//! A disk of the server's own, in a mount namespace that only the server and the test see.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::{Server, cursors, files_in, soon};

/// Keeps the mount until it is dropped.
pub struct Disk {
    /// A process in the namespace; it ends with the test, even if the test is killed.
    holder: Child,
    path: PathBuf,
    has_users: bool,
}

/// In a user namespace of our own, mounts need no root, if the system allows such namespaces.
const WAYS: [(&[&str], bool); 2] = [(&["--user", "--map-root-user", "--mount"], true), (&["--mount"], false)];

impl Disk {
    /// A disk of this size at this path.
    pub async fn with_room(path: &Path, kib: usize) -> Self {
        Self::mount(path, &format!("mount -t tmpfs -o mode=700,size={kib}k tmpfs .")).await
    }

    /// A running server whose data are on a disk of this size.
    pub async fn under(settings: &[(&str, &str)], kib: usize) -> (Server, Self) {
        let server = Server::prepare(settings);
        let disk = Self::with_room(&server.folder().join("data"), kib).await;
        let launcher = disk.launcher(server.folder());
        let mut server = server.launched_by(launcher);
        server.start_again().await;
        // The keys of its cursors are read from a copy made at the start.
        disk.copy_out();
        cursors::read_keys(&server.database_url()).await;
        (server, disk)
    }

    /// The folder at this path, mounted read-only.
    pub async fn read_only(path: &Path) -> Self {
        Self::mount(path, "mount --bind . . && mount -o remount,bind,ro .").await
    }

    async fn mount(path: &Path, how: &str) -> Self {
        std::fs::create_dir_all(path).expect("a place for the disk");
        let mut reported = String::new();
        for (namespaces, has_users) in WAYS {
            let mut unshare = Command::new("unshare");
            unshare.args(namespaces).args(["sh", "-c", &format!("{how} && echo mounted && exec cat")]);
            unshare.current_dir(path).kill_on_drop(true);
            let holder = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
            let mut holder = holder.expect("`unshare` of util-linux");
            let mut answer = [0; 8];
            let stdout = holder.stdout.as_mut().expect("a pipe");
            if soon(stdout.read_exact(&mut answer)).await.is_ok() {
                return Self { holder, path: path.to_owned(), has_users };
            }
            let stderr = holder.stderr.as_mut().expect("a pipe");
            let _ = soon(stderr.read_to_string(&mut reported)).await;
        }
        panic!(
            "this test mounts a disk of its own: run it as root, or where anybody may `unshare --user --mount`:\n{reported}"
        )
    }

    fn holder(&self) -> String {
        self.holder.id().expect("it runs").to_string()
    }

    /// Starts a program in a folder, inside the namespace.
    pub fn launcher(&self, folder: &Path) -> Vec<String> {
        let mut launcher = vec!["nsenter".to_owned(), "--target".to_owned(), self.holder(), "--mount".to_owned()];
        if self.has_users {
            launcher.extend(["--user".to_owned(), "--preserve-credentials".to_owned()]);
        }
        launcher.extend([format!("--wdns={}", folder.display()), "--".to_owned()]);
        launcher
    }

    /// The path of the disk from outside. Not for SQLite, which resolves its links.
    fn seen(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder()));
        root.join(self.path.strip_prefix("/").expect("an absolute path"))
    }

    /// Fills the disk.
    pub fn fill(&self) {
        let mut ballast = File::create(self.seen().join("ballast")).expect("a file");
        let full = loop {
            if let Err(full) = ballast.write_all(&[7; 4096]) {
                break full;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    /// Fills the disk except for this much.
    pub fn leave(&self, bytes: u64) {
        self.fill();
        let ballast = File::options().write(true).open(self.seen().join("ballast")).expect("the ballast");
        let all = ballast.metadata().expect("a size").len();
        ballast.set_len(all.checked_sub(bytes).expect("so much is free")).expect("it shrinks");
    }

    /// The number of files below one of its folders.
    pub fn files(&self, folder: &str) -> usize {
        files_in(&self.seen().join(folder))
    }

    /// Deletes the file that [`fill`](Self::fill) made.
    pub fn make_room(&self) {
        std::fs::remove_file(self.seen().join("ballast")).expect("the ballast");
    }

    /// Copies its files to the mount point, so that they can be read from outside.
    pub fn copy_out(&self) {
        for file in std::fs::read_dir(self.seen()).expect("the disk") {
            let file = file.expect("a file");
            // Folders contain images, which no test reads from outside. A socket cannot be copied.
            if !file.file_type().expect("a type").is_file() {
                continue;
            }
            std::fs::copy(file.path(), self.path.join(file.file_name())).expect("a copy");
        }
    }
}
