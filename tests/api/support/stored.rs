//! The files of a server beside its database.

use std::path::Path;
use std::time::Duration;

use super::{TestApp, soon};

impl TestApp {
    /// The files below a folder of its data: `images`, `inbox` or `tmp`.
    pub fn files(&self, shelf: &str) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        gather(&self.folder().join(shelf), &mut found);
        found
    }

    /// Waits until there are this many files.
    pub async fn has_files(&self, shelf: &str, count: usize) {
        soon(async {
            while self.files(shelf).len() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}

fn gather(folder: &Path, found: &mut Vec<Vec<u8>>) {
    // The folder is created with the first object.
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        // A file deleted in the meantime does not count.
        match path.is_dir() {
            true => gather(&path, found),
            // What nodes on PostgreSQL know their common folder by is no object.
            false if path.ends_with("images/store-id") => {}
            false => found.extend(std::fs::read(&path).ok()),
        }
    }
}
