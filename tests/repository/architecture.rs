//! ARCHITECTURE.md names files that exist and what is in them, and the documentation is all in its index.

use crate::{none_of, read, root};

/// The rows of the table.
fn rows() -> Vec<String> {
    let page = read("ARCHITECTURE.md");
    let (_, section) = page.split_once("### Where is it?").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    section.lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect()
}

#[test]
fn every_path_of_the_table_exists() {
    let rows = rows();
    let quoted = rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2));
    let paths: Vec<&str> = quoted.filter(|text| text.ends_with(".rs") || text.contains('/')).collect();
    assert!(paths.len() > 20, "the table is read: {paths:?}");
    let exists = |path: &str| root().join("src").join(path).exists() || root().join(path).exists();
    let missing: Vec<String> = paths.into_iter().filter(|path| !exists(path)).map(str::to_owned).collect();
    none_of("ARCHITECTURE.md names files that do not exist", &missing);
}

#[test]
fn every_name_behind_a_path_is_in_that_file() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for row in rows() {
        for part in row.split(".rs` (`").collect::<Vec<_>>().windows(2) {
            let path = part[0].rsplit('`').next().expect("a path");
            let name = part[1].split('`').next().expect("a name");
            checked += 1;
            if !read(&format!("src/{path}.rs")).contains(name) {
                wrong.push(format!("{name} is not in src/{path}.rs"));
            }
        }
    }
    assert!(checked > 5, "the table is read: {checked}");
    none_of("ARCHITECTURE.md names what is not there", &wrong);
}

#[test]
fn every_page_of_the_documentation_is_in_its_index() {
    let index = read("docs/README.md");
    let pages = std::fs::read_dir(root().join("docs")).expect("the folder");
    let names = pages.map(|page| page.expect("a file").file_name().to_string_lossy().into_owned());
    let pages: Vec<String> = names.filter(|name| name.ends_with(".md") && name != "README.md").collect();
    assert!(pages.len() > 10, "the folder is read: {pages:?}");
    let missing: Vec<String> = pages.into_iter().filter(|name| !index.contains(&format!("({name})"))).collect();
    none_of("docs/README.md leaves out pages", &missing);
}
