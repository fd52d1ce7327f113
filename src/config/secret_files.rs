//! Secrets in files, as container engines and systemd hand them over: `JWT_SECRET_FILE=/run/secrets/jwt` in place of
//! `JWT_SECRET`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};

use super::ConfigError;
use super::variables::SECRETS;

/// More is no secret, but a wrong path.
const LARGEST_FILE: u64 = 64 * 1024;

/// Whether a variable names the file of a secret.
pub(super) fn is_name(name: &str) -> bool {
    kept_in_files().any(|secret| name == variable(secret))
}

/// The values of secrets that are in files, by the names of their own variables.
pub(super) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<HashMap<&'static str, String>, ConfigError> {
    let mut values = HashMap::new();
    for secret in kept_in_files() {
        if let Some(value) = read_one(secret, &lookup)? {
            values.insert(secret, value);
        }
    }
    Ok(values)
}

/// The value of one secret, if it is in a file.
pub(super) fn read_one(secret: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<Option<String>, ConfigError> {
    let given = |name: &str| lookup(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = variable(secret);
    let Some(path) = given(&name) else { return Ok(None) };
    if given(secret).is_some() {
        return Err(ConfigError::hidden(&name, format!("is set beside {secret}: leave one of them out")));
    }
    // The path is not shown: after a slip in copying it may be the secret itself.
    let text = content(&path)
        .map_err(|error| ConfigError::hidden(&name, format!("names a file that cannot be read: {}", error.kind())))?;
    if text.trim().is_empty() {
        return Err(ConfigError::hidden(&name, "names an empty file"));
    }
    Ok(Some(text.trim().to_owned()))
}

/// The secrets, and the key of an app's tokens, which has lines.
fn kept_in_files() -> impl Iterator<Item = &'static str> {
    SECRETS.into_iter().chain(["AUTH_JWT_KEY"])
}

fn variable(secret: &str) -> String {
    format!("{secret}_FILE")
}

fn content(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<HashMap<&'static str, String>, String> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read(find).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_read_from_the_file_that_is_named_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "a secret that is long enough to use\n").unwrap();
        let path = file.to_str().unwrap();
        let found = with(&[("JWT_SECRET_FILE", path), ("JWT_SECRET", "")]).unwrap();
        assert_eq!(found["JWT_SECRET"], "a secret that is long enough to use");
        assert!(with(&[]).unwrap().is_empty());
        let error = with(&[("JWT_SECRET_FILE", path), ("JWT_SECRET", "another")]).unwrap_err();
        assert_eq!(error, "JWT_SECRET_FILE is set beside JWT_SECRET: leave one of them out");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_without_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, content).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let absent = folder.path().join("absent");
        for (path, problem) in [
            (absent.to_str().unwrap().to_owned(), "a file that cannot be read: entity not found"),
            (path("empty", b" \n"), "an empty file"),
            (path("binary", b"\xff\xfe"), "a file that cannot be read: invalid data"),
            (path("large", &[b'x'; 64 * 1024 + 1]), "a file that cannot be read: file too large"),
        ] {
            let error = with(&[("DATABASE_URL_FILE", &path)]).unwrap_err();
            assert_eq!(error, format!("DATABASE_URL_FILE names {problem}"));
        }
    }

    #[test]
    fn only_secrets_are_in_files() {
        assert!(is_name("JWT_SECRET_FILE") && is_name("AUTH_JWT_KEY_FILE") && is_name("DATABASE_URL_FILE"));
        assert!(!is_name("PORT_FILE") && !is_name("JWT_SECRET"));
    }
}
