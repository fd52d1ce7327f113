//! Files import each other in one direction, as layers do.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::paths_from;
use crate::{read, sources};

/// The only cycle: in the schema a conversation has messages and pages of them, and a message has a conversation.
const CIRCLE: [&str; 3] = ["graphql/schema/conversations", "graphql/schema/message_pages", "graphql/schema/messages"];

#[test]
fn files_import_each_other_in_one_direction() {
    let files: BTreeSet<String> = sources().iter().map(|file| name_of(file)).collect();
    // The mod.rs of a folder imports its files and is imported by everyone, so it is left out.
    let is_front = |name: &str| files.iter().any(|other| other.starts_with(&format!("{name}/")));
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources() {
        let (name, source) = (name_of(&file), read(&file));
        let folder: Vec<String> = name.split('/').map(str::to_owned).collect();
        let folder = &folder[..folder.len() - 1];
        let from_top = paths_from(&source, "crate::").into_iter();
        let from_here = paths_from(&source, "super::").into_iter().map(|path| [folder, &path].concat());
        let targets = from_top.chain(from_here).filter_map(|path| {
            let names = (1..=path.len()).rev().map(|length| path[..length].join("/"));
            names.into_iter().find(|target| files.contains(target))
        });
        let targets = targets.filter(|target| *target != name && !is_front(target)).collect();
        known.insert(name, targets);
    }
    assert!(known["graphql/schema/messages"].contains("graphql/schema/conversations"), "imports are read");

    // A file that imports no remaining file, or is imported by none, is in no cycle.
    loop {
        let left: BTreeSet<String> = known.keys().cloned().collect();
        let is_known: BTreeSet<String> = known.values().flatten().cloned().collect();
        known.retain(|name, targets| {
            targets.retain(|target| left.contains(target));
            !targets.is_empty() && is_known.contains(name)
        });
        if known.len() == left.len() {
            break;
        }
    }
    let circle: Vec<&String> = known.keys().collect();
    assert_eq!(circle, CIRCLE, "move what two files both need into a file of its own: {known:#?}");
}

/// The path of a file's module: `src/feed/mod.rs` is `feed`.
fn name_of(file: &str) -> String {
    file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod").to_owned()
}
