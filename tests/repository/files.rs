//! Rules for files: short, without forbidden shortcuts, and without traces of a machine.

use crate::{none_of, read, root, sources, tracked};

/// The most lines a file may have.
const LINES: usize = 350;
/// Longer files, and the reason why each is not split.
const LONG: [(&str, &str); 7] = [
    ("src/accounts/common_passwords.txt", "a list, a line for each"),
    ("src/accounts/token.rs", "more than half of it are its tests, a table of forged tokens"),
    ("src/limits/mod.rs", "one table: every number of the program with its reason"),
    ("src/http/socket/session.rs", "one state machine; its parts (outbox, pace, protocol, close) are files already"),
    ("migration/src/m0001_foundation.rs", "a migration is read as a whole, and never changed"),
    ("web/src/emoji/emoji.txt", "a list, a line for each"),
    ("web/src/gql/graphql.ts", "generated from the schema and the operations of the pages"),
];

#[test]
fn a_long_file_has_a_reason() {
    let mut wrong = Vec::new();
    for path in tracked() {
        let folders = ["benches/", "src/", "migration/", "tests/", "web/src/"];
        // Package managers write lock files.
        let counts = folders.iter().any(|folder| path.starts_with(folder)) && !path.contains("lock");
        let reason = LONG.iter().find(|(long, _)| *long == path);
        // Binary files are skipped.
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        let lines = text.lines().count();
        match reason {
            None if counts && lines > LINES => {
                wrong.push(format!("{path} has {lines} lines: split it, or add it to LONG with a reason"));
            }
            Some(_) if lines <= LINES => wrong.push(format!("{path} is no longer long: remove it from LONG")),
            None | Some(_) => {}
        }
    }
    let is_gone = |path: &str| !root().join(path).exists();
    wrong.extend(
        LONG.iter().filter(|(path, _)| is_gone(path)).map(|(path, _)| format!("{path} does not exist any more")),
    );
    none_of("Files have up to 350 lines", &wrong);
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let mut wrong = Vec::new();
    for path in sources() {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let text = read(&path);
        let code = without_tests(&path, &text);
        let unwraps = code.lines().enumerate().filter(|(_, line)| !is_test && line.contains(".unwrap()"));
        wrong.extend(unwraps.map(|(number, _)| format!("{path}:{}", number + 1)));
    }
    none_of("Use `expect(\"why this cannot fail\")` instead of `unwrap()`", &wrong);
}

/// The code of a file without the tests at its end.
fn without_tests<'a>(path: &str, text: &'a str) -> &'a str {
    let Some((code, tests)) = text.split_once("#[cfg(test)]\nmod tests {\n") else { return text };
    let end = tests.find("\n}\n").map(|end| &tests[end + 3..]);
    assert_eq!(end, Some(""), "{path}: tests have to be at the end of the file");
    code
}

#[test]
fn lints_are_expected_and_never_allowed() {
    // Split, so that this line does not match.
    let attribute = ["[all", "ow("].concat();
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .filter(|path| read(path).lines().any(|line| line.trim_start().starts_with('#') && line.contains(&attribute)))
        .collect();
    none_of("Use `#[expect(lint, reason = \"…\")]`, which fails when it is no longer needed", &wrong);
}

#[test]
fn no_file_contains_paths_of_a_machine() {
    let home = |name: &str| format!("/{name}/");
    let mut traces = vec![home("home"), home("root"), home("Users"), home("work"), root().display().to_string()];
    let registries =
        ["registry.npmjs", "registry.yarnpkg", "index.crates", "static.crates", "npmmirror", "artifactory"];
    traces.extend(registries.map(|host| format!("{host}.")));
    let mut wrong = Vec::new();
    for path in tracked() {
        // This file lists them all.
        if path == "tests/repository/files.rs" {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(trace) = traces.iter().find(|trace| line.contains(trace.as_str())) {
                wrong.push(format!("{path}:{} has {trace}", number + 1));
            }
        }
    }
    none_of("Paths of a machine and hosts of registries belong into local settings", &wrong);
}

#[test]
fn settings_of_package_managers_are_not_committed() {
    let is_setting = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        // Cargo's configuration may only set the environment of builds.
        let is_about_more = || {
            let text = read(path);
            let mut said = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            said.next() != Some("[env]") || said.any(|line| line.starts_with('['))
        };
        name == ".npmrc" || name == ".yarnrc.yml" || path.contains(".cargo/") && is_about_more()
    };
    let wrong: Vec<String> = tracked().into_iter().filter(is_setting).collect();
    none_of("Package sources belong into local settings", &wrong);
}

#[test]
fn lock_files_contain_no_download_urls() {
    let mut wrong = Vec::new();
    for path in tracked() {
        match path.rsplit('/').next() {
            Some("package-lock.json") if read(&path).contains("\"resolved\":") => wrong.push(path),
            Some("Cargo.lock") => {
                let mut sources: Vec<String> = read(&path).lines().filter_map(source).map(str::to_owned).collect();
                sources.sort();
                sources.dedup();
                // The name of the public registry in every Cargo.lock, not an address.
                sources.retain(|source| source != "registry+https://github.com/rust-lang/crates.io-index");
                wrong.extend(sources.iter().map(|source| format!("{path}: {source}")));
            }
            Some(_) | None => {}
        }
    }
    none_of("A lock file must not contain download URLs (npm: omit-lockfile-registry-resolved)", &wrong);
}

fn source(line: &str) -> Option<&str> {
    line.strip_prefix("source = \"")?.strip_suffix('"')
}
