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

/// The lines of a unit of systemd that set this.
fn set<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).collect()
}

#[test]
fn the_service_allows_what_the_program_asks_the_system_for() {
    let service = read("deploy/parlour.service");
    // Later lines add to what is allowed, or take from it.
    let filters = set(&service, "SystemCallFilter");
    let denied = filters.iter().position(|line| line.starts_with('~') && line.contains("@resources"));
    let allowed = filters.iter().position(|line| line.split(' ').any(|call| call == "setpriority"));
    assert!(read("src/pool.rs").contains("setpriority_process"), "then the unit need not allow it");
    assert!(allowed > denied && denied.is_some(), "threads of pools cannot lower their priority: {filters:?}");
    // Of /proc, the service sees its own processes.
    assert_eq!(set(&service, "ProcSubset"), ["pid"]);
    let code = read("src/metrics/process.rs");
    let files = code.split('"').filter(|text| text.starts_with("/proc/") && !text.starts_with("/proc/self/"));
    none_of("the metrics read what the service does not see", &files.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn the_archive_of_a_release_has_no_file_that_needs_the_sources() {
    let script = read("scripts/release");
    let left_out = script.lines().find_map(|line| line.strip_prefix("(cd \"$dist/$name/deploy\" && rm "));
    let left_out = left_out.and_then(|rest| rest.strip_suffix(')')).expect("what is left out");
    let mut needs_them = Vec::new();
    for file in std::fs::read_dir(root().join("deploy")).expect("the folder").map(|file| file.expect("a file")) {
        let name = file.file_name().to_string_lossy().into_owned();
        let is_built = file.path().is_file() && read(&format!("deploy/{name}")).contains("build: ..");
        if is_built && !left_out.split(' ').any(|out| out == name) {
            needs_them.push(name);
        }
    }
    none_of("the archive has neither the Dockerfile nor the sources for these", &needs_them);
}

#[test]
fn containers_have_the_certificates_of_authorities() {
    for file in ["deploy/compose.yml", "deploy/compose.postgres.yml"] {
        let compose = read(file);
        assert!(compose.contains("build: ..\n") && !compose.contains("image: debian"), "{file}");
    }
    assert!(read("Dockerfile").contains("ca-certificates"));
}

#[test]
fn a_fresh_server_has_time_for_its_first_backup() {
    let rules = read("deploy/prometheus.rules.yml");
    let rule = rules.split("- alert: ").find(|rule| rule.starts_with("ParlourBackupOld")).expect("the alert");
    assert!(rule.contains("parlour_last_backup_timestamp_seconds == 0") && rule.contains("offset 2d == 0"));
}
