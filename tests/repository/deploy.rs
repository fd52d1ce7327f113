//! The files to deploy with, as far as they can be checked without an engine to run them.

use std::process::Command;

use crate::{none_of, read, root};

/// What the Dockerfile copies from the checkout.
fn copied() -> Vec<String> {
    let dockerfile = read("Dockerfile");
    let from_here =
        dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    let sources = |line: &str| {
        let mut paths: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        paths.pop();
        paths
    };
    from_here.flat_map(sources).collect()
}

#[test]
fn the_image_is_built_from_what_is_there_and_is_sent_to_the_engine() {
    let ignored = read(".dockerignore");
    let sent: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let missing = copied().into_iter().filter(|path| {
        !root().join(path).exists() || !sent.iter().any(|sent| path == sent || path.starts_with(&format!("{sent}/")))
    });
    none_of("the Dockerfile copies what it does not get", &missing.collect::<Vec<_>>());
}

#[test]
fn the_image_has_everything_that_cargo_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in copied() {
        let to = folder.path().join(&path);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        let copy = Command::new("cp").arg("-r").arg(root().join(&path)).arg(&to).status().expect("cp");
        assert!(copy.success(), "{path}");
    }
    let read = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(folder.path())
        .output()
        .expect("cargo");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    // Without it the build succeeds, and SQLite is built in another way.
    assert!(folder.path().join(".cargo/config.toml").exists(), "the settings of cargo");
}

#[test]
fn the_image_has_the_rust_and_the_node_that_the_project_asks_for() {
    let dockerfile = read("Dockerfile");
    let rust = dockerfile.split("FROM rust:").nth(1).and_then(|rest| rest.split('-').next()).expect("an image of Rust");
    let oldest = read("Cargo.toml");
    let oldest = oldest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version");
    let number =
        |version: &str| -> u32 { version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("1.x") };
    assert!(number(rust) >= number(oldest), "Rust {rust} is older than {oldest}");
    assert!(dockerfile.contains("FROM node:24-"), "the image of Node");
}

#[test]
fn the_service_may_stop_as_slowly_as_the_server_does_and_has_files_for_its_connections() {
    let service = read("deploy/parlour.service");
    let value = |name: &str| {
        let line = service.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).expect(name);
        line.parse::<u64>().expect("a number")
    };
    assert!(value("TimeoutStopSec") > parlour::limits::DRAIN.as_secs());
    // docs/security.md: below it, an address has less than its full share.
    assert!(value("LimitNOFILE") > 5_120);
    assert_eq!(value("RestartPreventExitStatus"), 2, "a wrong setting ends the start with 2");
}

#[test]
fn the_alerts_and_the_board_ask_for_metrics_that_exist() {
    let code = read("src/metrics/mod.rs") + &read("src/sampled.rs");
    let endings = ["", "_total", "_seconds", "_seconds_bucket"];
    for file in ["deploy/prometheus.rules.yml", "deploy/grafana.json", "docs/operate.md"] {
        let text = read(file);
        let names =
            text.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter_map(|word| word.strip_prefix("parlour_"));
        let has_one = |name: &str| {
            endings
                .iter()
                .filter_map(|ending| name.strip_suffix(ending))
                .any(|name| code.contains(&format!("\"{name}\"")))
        };
        let missing: Vec<String> = names.filter(|name| *name != "key_" && !has_one(name)).map(str::to_owned).collect();
        none_of(&format!("{file} has metrics that do not exist"), &missing);
    }
}

#[test]
fn systemd_rates_the_services_ok() {
    for service in ["deploy/parlour.service", "deploy/parlour-backup.service"] {
        // Tenths: OK ends at 5.0, and this is well below it.
        let rated = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=25"])
            .arg(root().join(service))
            .output()
            .expect("systemd-analyze");
        assert!(rated.status.success(), "{service}: {}", String::from_utf8_lossy(&rated.stdout));
    }
}
