//! The secret that a development server generates for itself and keeps in a file.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::draft::{self, Draft};

/// The shortest file that is accepted as a secret.
const SECRET_BYTES: usize = 32;

/// A secret's file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It can't be read or made.
    #[error("the secret's file {} cannot be read or made: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is not there.
    #[error("there is no secret at {}: set JWT_SECRET or DATA_DIR as the server has it", .0.display())]
    Missing(PathBuf),
    /// It is there, but somebody has cut it.
    #[error("the secret's file {} holds less than {SECRET_BYTES} bytes: delete it, which signs everybody out", .0.display())]
    TooShort(PathBuf),
}

/// Reads the secret that is kept at `path`, after making one when none is there. Processes that start at once agree.
pub fn load_or_create(path: &Path) -> Result<SecretString, SecretFileError> {
    let failed = |source| SecretFileError::Io { path: path.to_owned(), source };
    if !path.try_exists().map_err(failed)? {
        create(path).map_err(failed)?;
    }
    load(path)
}

/// Reads the secret that is kept at `path`.
pub fn load(path: &Path) -> Result<SecretString, SecretFileError> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => SecretFileError::Missing(path.to_owned()),
        _ => SecretFileError::Io { path: path.to_owned(), source },
    })?;
    let text = text.trim();
    if text.len() < SECRET_BYTES {
        return Err(SecretFileError::TooShort(path.to_owned()));
    }
    Ok(SecretString::from(text))
}

fn create(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(draft::folder(path))?;
    let mut draft = Draft::beside(path)?;
    writeln!(draft.file(), "{}", random()?)?;
    // If another process was faster, its secret is the one.
    draft::link(draft.path(), path)?;
    Ok(())
}

/// 32 random bytes in letters that a file's name can have.
fn random() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_second_start_reads_the_secret_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/jwt-secret");
        let first = load_or_create(&path).unwrap();
        let second = load_or_create(&path).unwrap();
        assert!(first.expose_secret().len() >= SECRET_BYTES);
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-secret");
        let secrets: Vec<_> = thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| load_or_create(&path).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap().expose_secret().to_owned()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-secret");
        fs::write(&path, "short\n").unwrap();
        assert!(matches!(load_or_create(&path), Err(SecretFileError::TooShort(_))));
    }

    #[test]
    fn a_secret_does_not_print() {
        assert!(!format!("{:?}", SecretString::from("hunter2")).contains("hunter2"));
    }
}
