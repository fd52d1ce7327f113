//! Finds a file in a folder by the path of a URL, without leaving the folder.

use std::path::{Component, Path, PathBuf};

use tokio::fs;

/// The file at a decoded path below a folder; `None` if it does not exist, is not a file, or must not be served.
pub(super) async fn find(folder: &Path, path: &str) -> Option<PathBuf> {
    let wanted = folder.join(relative(path)?);
    let folder = fs::canonicalize(folder).await.ok()?;
    // Links are followed, but only to files that could have been requested directly.
    let file = fs::canonicalize(wanted).await.ok()?;
    let inside = file.strip_prefix(&folder).ok()?.to_str()?;
    relative(inside)?;
    fs::metadata(&file).await.ok()?.is_file().then_some(file)
}

/// A path that stays below where it begins: names only, none hidden, no source maps.
pub(super) fn relative(path: &str) -> Option<&Path> {
    let named = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['\\', '\0']);
    let harmless = path.split('/').all(named) && !path.to_ascii_lowercase().ends_with(".map");
    // Rejects whatever else the platform does not treat as a plain name.
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    (harmless && plain).then_some(Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_folder_and_leads_to_nothing_hidden() {
        for path in ["index.html", "assets/a-1234.js", "a/b/c", "a b", "ä", "a..b", "mapped", "a.map.js"] {
            assert!(relative(path).is_some(), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a/..",
            ".",
            "./a",
            "a//b",
            "a/",
            ".env",
            "a/.git/config",
            "..\\x",
            "a\\b",
            "a\0",
            "a.js.map",
            "a.css.MAP",
        ] {
            assert!(relative(path).is_none(), "{path:?}");
        }
    }

    #[tokio::test]
    async fn a_link_does_not_lead_out_of_the_folder() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path();
        let folder = base.join("dist");
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        std::fs::write(base.join("secret"), "x").unwrap();
        std::fs::write(folder.join("assets/a.js"), "x").unwrap();
        std::fs::write(folder.join(".env"), "x").unwrap();
        for (target, link) in [
            (base.join("secret"), "out"),
            (base.to_owned(), "up"),
            (folder.join(".env"), "hidden"),
            (folder.join("assets/a.js"), "inside.js"),
        ] {
            std::os::unix::fs::symlink(target, folder.join(link)).unwrap();
        }
        for (path, found) in [
            ("assets/a.js", true),
            ("inside.js", true),
            ("out", false),
            ("up/secret", false),
            ("hidden", false),
            ("assets", false),
            ("nothing", false),
            ("assets/a.js/b", false),
        ] {
            assert_eq!(find(&folder, path).await.is_some(), found, "{path}");
        }
        assert!(find(&base.join("nowhere"), "a").await.is_none());
    }
}
