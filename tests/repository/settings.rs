//! The settings are listed in three places that must agree: the code, the example file and the README.

use std::collections::BTreeSet;

use crate::{none_of, read};

/// The variables that the program reads, by the table in its code.
fn known() -> BTreeSet<String> {
    let code = read("src/config/variables.rs");
    let (_, table) = code.split_once("const NAMES: [").expect("a table of names");
    let (table, _) = table.split_once("];").expect("its end");
    literals(table).into_iter().collect()
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

/// String literals that look like a variable.
fn literals(code: &str) -> Vec<String> {
    let is_variable = |text: &&str| {
        text.len() > 3 && text.starts_with(|c: char| c.is_ascii_uppercase()) && { text.chars().all(is_of_a_name) }
    };
    code.split('"').skip(1).step_by(2).filter(is_variable).map(str::to_owned).collect()
}

#[test]
fn every_variable_read_is_in_the_table() {
    let read_in_code: BTreeSet<String> = literals(&read("src/config/mod.rs")).into_iter().collect();
    let missing: Vec<String> = read_in_code.difference(&known()).cloned().collect();
    none_of("src/config/mod.rs reads what NAMES in src/config/variables.rs does not have", &missing);
}

#[test]
fn the_example_file_has_exactly_one_line_per_setting() {
    let example = read(".env.example");
    let set = example.lines().filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('='));
    let shown: BTreeSet<String> = set
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.is_empty() && name.chars().all(is_of_a_name))
        .collect();
    assert_eq!(shown, known());
}

#[test]
fn the_readme_documents_every_setting() {
    let readme = read("README.md");
    let is_missing = |name: &String| !readme.contains(&format!("`{name}`"));
    let missing: Vec<String> = known().into_iter().filter(is_missing).collect();
    none_of("README.md does not tell of", &missing);
}
