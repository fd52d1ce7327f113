//! Tells the compiler when the pages inside of the program are old, and from which commit a release is built.

#![expect(clippy::disallowed_methods, reason = "Cargo passes its settings to build scripts in the environment")]

use std::path::Path;
use std::process::Command;

fn main() {
    // The compiler sees changes of files, and not that there are new ones. Without pages, what makes them is watched: a path
    // that does not exist would count as changed each time.
    let watched = ["web/dist", "web"].into_iter().find(|folder| Path::new(folder).exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or("build.rs"));
    println!("cargo::rustc-env=PARLOUR_VERSION={}", version());
}

/// The version, with the commit where it is a release build: other builds would be made anew after every commit.
fn version() -> String {
    let version = std::env::var("CARGO_PKG_VERSION").expect("Cargo sets it");
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return format!("{version} (development build)");
    }
    println!("cargo::rerun-if-env-changed=PARLOUR_COMMIT");
    // Written by every commit, checkout and merge.
    if Path::new(".git/logs/HEAD").exists() {
        println!("cargo::rerun-if-changed=.git/logs/HEAD");
    }
    // Whoever builds without git's folder can name the commit.
    match std::env::var("PARLOUR_COMMIT").ok().or_else(commit) {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    }
}

fn commit() -> Option<String> {
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(git.stdout).ok()?.trim().to_owned();
    (git.status.success() && !commit.is_empty()).then_some(commit)
}
