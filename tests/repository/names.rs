//! A type's name is what one searches for: no two types of the crate have the same one, but for those of functions and tests.

use std::collections::BTreeMap;

use crate::{none_of, read, sources};

/// Names that may stand for several types, and why.
const SHARED: [(&str, &str); 3] = [
    ("Model", "the row of each table: sea-orm wants the name, and code says `message::Model`"),
    ("Relation", "the relations of each table: sea-orm wants the name"),
    ("Result", "each layer's own, with its error as the default, as in std"),
];

#[test]
fn a_types_name_is_unique() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let is_of_tests = |path: &String| path.ends_with("tests.rs") || path.contains("/tests/");
    for path in sources().into_iter().filter(|path| !is_of_tests(path)) {
        for line in read(&path).lines() {
            if let Some(name) = declared_type(line) {
                files.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    files.retain(|name, files| files.len() > 1 && SHARED.iter().all(|(shared, _)| shared != name));
    let wrong: Vec<String> = files.iter().map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    none_of("A type's name is unique in the crate", &wrong);
}

/// The name of the type that a line declares, for other modules or in its own. Private ones of functions, of implementations
/// and of tests are indented.
fn declared_type(line: &str) -> Option<&str> {
    let declared = match line.trim_start().strip_prefix("pub") {
        Some(public) => match public.strip_prefix('(') {
            Some(restricted) => restricted.split_once(')')?.1.trim_start(),
            None => public.trim_start(),
        },
        None => line,
    };
    let (kind, name) = declared.split_once(' ')?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    matches!(kind, "struct" | "enum" | "trait" | "type" | "union").then_some(&name[..end])
}

#[test]
fn types_are_recognised() {
    for (line, name) in [
        ("pub struct Page<T> {", Some("Page")),
        ("    pub(super) enum Place {", Some("Place")),
        ("pub(in crate::feed) trait Change: Send {", Some("Change")),
        ("pub type Result<T, E = Error> = std::result::Result<T, E>;", Some("Result")),
        ("struct Inner;", Some("Inner")),
        ("    struct Count {", None),
        ("    type Answer = ();", None),
        ("pub fn page() {}", None),
        ("pub use error::Error;", None),
    ] {
        assert_eq!(declared_type(line), name, "{line}");
    }
}
