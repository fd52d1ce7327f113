//! The secret that a development server generates for itself and keeps in a file, and those that it had before.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Timestamp;
use crate::config::Config;
use crate::draft::{self, Draft};
use crate::{data_dir, limits};

/// The shortest file that is accepted as a secret.
const SECRET_BYTES: usize = 32;
/// Previous secrets that are kept: each token that none has signed is checked with all of them.
const PREVIOUS: usize = 8;

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
    /// It was changed very often.
    #[error("the secret was changed {PREVIOUS} times in the last 30 days: each of them is still valid, so wait")]
    TooOften,
}

/// What tokens are signed and checked with.
pub struct SigningSecrets {
    /// What signs.
    pub current: SecretString,
    /// What only checks.
    pub previous: Vec<SecretString>,
}

impl SigningSecrets {
    /// Those of the settings, or else those in the data folder.
    pub fn find(config: &Config, now: Timestamp) -> Result<Self, SecretFileError> {
        Self::with(config, now, load)
    }

    /// Likewise, and makes a secret if there is none.
    pub fn find_or_create(config: &Config, now: Timestamp) -> Result<Self, SecretFileError> {
        Self::with(config, now, load_or_create)
    }

    fn with(
        config: &Config,
        now: Timestamp,
        kept: fn(&Path) -> Result<SecretString, SecretFileError>,
    ) -> Result<Self, SecretFileError> {
        let mut previous = config.jwt_previous_secrets.clone();
        let current = match &config.jwt_secret {
            Some(current) => current.clone(),
            None => {
                previous.extend(load_previous(&data_dir::previous_secrets_file(config), now)?);
                kept(&data_dir::secret_file(config))?
            }
        };
        Ok(Self { current, previous })
    }
}

/// Reads the secret that is kept at `path`, after making one when none is there. Processes that start at once agree.
pub fn load_or_create(path: &Path) -> Result<SecretString, SecretFileError> {
    let failed = |source| io_error(path, source);
    if !path.try_exists().map_err(failed)? {
        create(path).map_err(failed)?;
    }
    load(path)
}

/// Reads the secret that is kept at `path`.
pub fn load(path: &Path) -> Result<SecretString, SecretFileError> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => SecretFileError::Missing(path.to_owned()),
        _ => io_error(path, source),
    })?;
    let text = text.trim();
    if text.len() < SECRET_BYTES {
        return Err(SecretFileError::TooShort(path.to_owned()));
    }
    Ok(SecretString::from(text))
}

/// Makes a new secret in the place of the one at `path`, which is kept at `previous` for as long as sessions live at most.
pub fn rotate(path: &Path, previous: &Path, now: Timestamp) -> Result<(), SecretFileError> {
    let before = load(path)?;
    let mut kept = read_previous(previous, now)?;
    if kept.len() >= PREVIOUS {
        return Err(SecretFileError::TooOften);
    }
    kept.push(KeptSecret { until: now + limits::SESSION_ABSOLUTE, secret: before });
    let lines = kept.iter().map(|KeptSecret { until, secret }| format!("{} {}\n", until.0, secret.expose_secret()));
    let lines = SecretString::from(lines.collect::<String>());
    // First: whenever the power fails, whatever signs is among those that are accepted.
    write(previous, lines.expose_secret()).map_err(|source| io_error(previous, source))?;
    let new = random().and_then(|new| write(path, &format!("{new}\n")));
    new.map_err(|source| io_error(path, source))
}

/// A secret that was in force, and until when tokens may be signed with it.
struct KeptSecret {
    until: Timestamp,
    secret: SecretString,
}

/// The earlier secrets that are still accepted, of a file that need not be there.
fn load_previous(path: &Path, now: Timestamp) -> Result<Vec<SecretString>, SecretFileError> {
    Ok(read_previous(path, now)?.into_iter().map(|kept| kept.secret).collect())
}

fn read_previous(path: &Path, now: Timestamp) -> Result<Vec<KeptSecret>, SecretFileError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|source| io_error(path, source))?,
    };
    let kept = |line: &str| {
        let (until, secret) = line.split_once(' ')?;
        let until = until.parse().map(Timestamp).ok().filter(|until| *until > now)?;
        (secret.len() >= SECRET_BYTES).then(|| KeptSecret { until, secret: SecretString::from(secret) })
    };
    Ok(text.lines().filter_map(kept).collect())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = Draft::beside(path)?;
    draft.file().write_all(text.as_bytes())?;
    draft::replace(draft.path(), path)
}

fn io_error(path: &Path, source: io::Error) -> SecretFileError {
    SecretFileError::Io { path: path.to_owned(), source }
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
pub fn random() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;
    use std::time::Duration;

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
    fn a_rotation_keeps_the_secrets_before_for_as_long_as_sessions_live() {
        let folder = tempfile::tempdir().unwrap();
        let (path, previous) = (folder.path().join("jwt-secret"), folder.path().join("jwt-previous-secrets"));
        let texts = |secrets: Vec<SecretString>| -> Vec<String> {
            secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
        };
        let first = load_or_create(&path).unwrap().expose_secret().to_owned();
        let (begun, day) = (Timestamp(1_000), Duration::from_secs(24 * 3600));

        rotate(&path, &previous, begun).unwrap();
        let second = load(&path).unwrap().expose_secret().to_owned();
        rotate(&path, &previous, begun + day).unwrap();

        let third = load(&path).unwrap().expose_secret().to_owned();
        assert!(first != second && second != third && third.len() >= SECRET_BYTES);
        assert_eq!(texts(load_previous(&previous, begun + 2 * day).unwrap()), [first, second.clone()]);
        let end = begun + limits::SESSION_ABSOLUTE;
        assert_eq!(texts(load_previous(&previous, end).unwrap()), [second]);
        assert!(load_previous(&previous, end + day).unwrap().is_empty());
        for path in [&path, &previous] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for _ in 2..PREVIOUS {
            rotate(&path, &previous, begun + day).unwrap();
        }
        assert!(matches!(rotate(&path, &previous, begun + day), Err(SecretFileError::TooOften)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn a_secret_does_not_print() {
        assert!(!format!("{:?}", SecretString::from("hunter2")).contains("hunter2"));
    }
}
