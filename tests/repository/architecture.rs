//! The table in ARCHITECTURE.md that says where each kind of change begins names files that exist.

use crate::{none_of, read, root};

#[test]
fn every_path_of_the_table_exists() {
    let page = read("ARCHITECTURE.md");
    let (_, section) = page.split_once("### Where is it?").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let paths: Vec<&str> = quoted.filter(|text| text.ends_with(".rs") || text.contains('/')).collect();
    assert!(paths.len() > 20, "the table is read: {paths:?}");
    let exists = |path: &str| root().join("src").join(path).exists() || root().join(path).exists();
    let missing: Vec<String> = paths.into_iter().filter(|path| !exists(path)).map(str::to_owned).collect();
    none_of("ARCHITECTURE.md names files that do not exist", &missing);
}
