//! What docs/security.md claims has a test.

use crate::{none_of, read, tracked};

#[test]
fn every_test_that_the_page_names_exists() {
    let page = read("docs/security.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack"));
    let named: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next())
        .flat_map(|tests| tests.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 40, "the rows are read: {named:?}");
    let is_test = |path: &String| path.ends_with(".rs") || path.ends_with(".test.mjs");
    let tests: Vec<String> = tracked().into_iter().filter(is_test).map(|path| read(&path)).collect();
    let exists = |name: &str| {
        let (rust, javascript) = (format!("fn {name}("), format!("'{name}'"));
        tests.iter().any(|text| text.contains(&rust) || text.contains(&javascript))
    };
    let missing: Vec<String> = named.into_iter().filter(|name| !exists(name)).map(str::to_owned).collect();
    none_of("docs/security.md names tests that do not exist", &missing);
}
