//! A type's name is what one searches for: no two public types of the crate have the same one.

use std::collections::BTreeMap;

use crate::{none_of, read, sources};

/// Names that may stand for several types, and why.
const SHARED: [(&str, &str); 3] = [
    ("Model", "the row of each table: sea-orm wants the name, and code says `message::Model`"),
    ("Relation", "the relations of each table: sea-orm wants the name"),
    ("Result", "each layer's own, with its error as the default, as in std"),
];

#[test]
fn a_public_types_name_is_unique() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources() {
        for line in read(&path).lines() {
            if let Some(name) = public_type(line) {
                files.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    files.retain(|name, files| files.len() > 1 && SHARED.iter().all(|(shared, _)| shared != name));
    let wrong: Vec<String> = files.iter().map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    none_of("A type's name is unique in the crate", &wrong);
}

/// The name of the type that a line declares for other modules.
fn public_type(line: &str) -> Option<&str> {
    let public = line.trim_start().strip_prefix("pub")?;
    let public = match public.strip_prefix('(') {
        Some(restricted) => restricted.split_once(')')?.1,
        None => public,
    };
    let (kind, name) = public.trim_start().split_once(' ')?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    matches!(kind, "struct" | "enum" | "trait" | "type" | "union").then_some(&name[..end])
}

#[test]
fn public_types_are_recognised() {
    for (line, name) in [
        ("pub struct Page<T> {", Some("Page")),
        ("    pub(super) enum Place {", Some("Place")),
        ("pub(in crate::feed) trait Change: Send {", Some("Change")),
        ("pub type Result<T, E = Error> = std::result::Result<T, E>;", Some("Result")),
        ("struct Inner;", None),
        ("pub fn page() {}", None),
        ("pub use error::Error;", None),
    ] {
        assert_eq!(public_type(line), name, "{line}");
    }
}
