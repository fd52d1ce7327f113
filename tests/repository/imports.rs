//! Imports go down, never up or across; of a slice, others see only its `mod.rs`.

use crate::{none_of, read, root, sources};

/// The layers from the bottom up. A module imports itself and lower layers; modules of one layer do not import each
/// other.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["clock"],
    &["id"],
    &["draft"],
    &["printable"],
    &["config"],
    &["data_dir"],
    &["fold"],
    &["shared_cell"],
    &["dice"],
    &["page"],
    &["pool"],
    &["detached"],
    &["turns"],
    &["limits"],
    &["secrets"],
    &["metrics"],
    &["logging"],
    &["terminal"],
    &["confirmed_time"],
    &["rates"],
    &["entity"],
    &["db"],
    &["audit"],
    &["bus", "leader"],
    &["feed"],
    &["storage"],
    &["app"],
    &["nodes"],
    &["accounts"],
    &["images"],
    &["directory"],
    &["conversations"],
    &["consumers", "messages", "presence", "typing"],
    &["search", "reports"],
    &["exports"],
    &["erasure", "retention"],
    &["program"],
    &["sampled"],
    &["graphql"],
    &["http", "webhooks"],
    &["operator"],
    &[
        "image_commands",
        "key_commands",
        "webhook_commands",
        "seed",
        "backup",
        "copy",
        "config_commands",
        "secret_commands",
        "doctor",
        "manual",
        "signals",
        "fuzzing",
    ],
    &["commands"],
    &["local_socket"],
    &["background"],
    &["lib"],
    &["command_line"],
    &["main"],
];

const SLICES: [&str; 14] = [
    "exports",
    "reports",
    "directory",
    "images",
    "accounts",
    "consumers",
    "conversations",
    "messages",
    "presence",
    "search",
    "typing",
    "erasure",
    "retention",
    "webhooks",
];

const RULE: &str = "Imports go down only (tests/repository/imports.rs has the floors): move the code, not the rule";

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for file in sources() {
        let module = module_of(&file);
        let Some(floor) = floor_of(module) else {
            wrong.push(format!("{file}: the module `{module}` has no floor yet: add it to FLOORS"));
            continue;
        };
        for import in imports(&read(&file)) {
            let target = import[0].as_str();
            // Items of the crate's root are for `command_line` and `main` only.
            let target_floor = floor_of(target).or_else(|| floor_of("lib"));
            let is_down = target == module || target_floor.is_some_and(|target| target < floor);
            if !is_down {
                wrong.push(format!("{file} imports crate::{}", import.join("::")));
            }
        }
    }
    none_of(RULE, &wrong);
}

#[test]
fn a_slice_exposes_only_its_mod_rs() {
    let mut wrong = Vec::new();
    for file in sources() {
        let module = module_of(&file);
        for import in imports(&read(&file)) {
            let slice = import[0].as_str();
            if slice == module || !SLICES.contains(&slice) || import.len() < 3 {
                continue;
            }
            let inner = format!("src/{slice}/{}", import[1]);
            if root().join(&inner).is_dir() || root().join(format!("{inner}.rs")).is_file() {
                wrong.push(format!("{file} imports crate::{}", import.join("::")));
            }
        }
    }
    none_of("Only the mod.rs of a slice may be imported from outside: move the code, not the rule", &wrong);
}

/// The top-level module of a file.
fn module_of(file: &str) -> &str {
    let path = file.trim_start_matches("src/");
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Every path that begins with `crate::`, in a `use` or elsewhere, with groups expanded.
fn imports(source: &str) -> Vec<Vec<String>> {
    paths_from(source, "crate::")
}

/// Every path with this prefix, without the prefix.
pub(crate) fn paths_from(source: &str, prefix: &str) -> Vec<Vec<String>> {
    let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, prefix) in code.match_indices(prefix) {
        paths(&code[at + prefix.len()..], &[], &mut found);
    }
    found
}

/// Reads one tree of a `use`, and returns the rest of the text.
fn paths<'a>(text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    if let Some(mut group) = text.strip_prefix('{') {
        loop {
            group = group.trim_start();
            if let Some(rest) = group.strip_prefix('}') {
                return rest;
            }
            let rest = paths(group, before, found).trim_start();
            // Without progress the loop would never end.
            assert!(rest.len() < group.len(), "not a use tree: {group:.60}");
            group = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '*';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = [before, &[name.to_owned()]].concat();
    if let Some(deeper) = rest.strip_prefix("::")
        && deeper.starts_with(|c| is_name(c) || c == '{')
    {
        return paths(deeper, &path, found);
    }
    found.push(path);
    match rest.trim_start().strip_prefix("as ") {
        Some(alias) => alias.trim_start_matches(is_name),
        None => rest,
    }
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let source = "
        // use crate::nothing;
        use crate::{limits, feed::{self, log::{after as later, head}}};
        pub(crate) use crate::id::*;
        fn f() -> crate::page::Page<u8> { crate::db::open::<u8>() }";
    let read: Vec<String> = imports(source).iter().map(|path| path.join("::")).collect();
    let all = ["limits", "feed::self", "feed::log::after", "feed::log::head", "id::*", "page::Page", "db::open"];
    assert_eq!(read, all);
}
