//! The rules of the repository itself: imports, files, and the schema's contract.

mod architecture;
mod circles;
mod deploy;
mod files;
mod imports;
mod names;
mod node;
mod run;
mod schema;
mod security;
mod settings;
mod sql;
mod texts;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The content of a file.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

/// The tracked files, by their path from the top.
fn tracked() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git runs");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let list = String::from_utf8(listed.stdout).expect("names are text");
    // A deletion that is not committed yet is still listed.
    list.split('\0').filter(|path| !path.is_empty() && root().join(path).exists()).map(str::to_owned).collect()
}

/// All Rust files in `src`, tracked or not, by their path from the top.
fn sources() -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from("src")]);
    while let Some(folder) = folders.pop() {
        for entry in root().join(&folder).read_dir().expect("a folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Fails with a list of all violations, one per line.
fn none_of(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}\n", wrong.join("\n  "));
}
