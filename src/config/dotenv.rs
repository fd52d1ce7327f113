//! The file `.env`: its variables, or the number of a wrong line. The content of a line never gets into an error, as it
//! may be a secret with a typo.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::ConfigError;

/// A variable of the file.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    pub(super) value: String,
}

/// Reads the variables of a file like `.env`; none if there is no file.
pub(super) fn read(path: &Path) -> Result<HashMap<String, Line>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(ConfigError::hidden(".env", format!("cannot be read: {error}"))),
    }
}

fn parse(text: &str) -> Result<HashMap<String, Line>, ConfigError> {
    let taken = Cell::new(0);
    let mut settings = HashMap::new();
    let mut parsed = dotenvy::from_read_iter(ValueReader { rest: text.as_bytes(), taken: &taken });
    loop {
        let before = taken.get();
        match parsed.next() {
            None => return Ok(settings),
            Some(Ok((name, value))) => {
                settings.insert(name, Line { number: first_setting(text, before), value });
            }
            // The library's error holds the line, or its value: it is dropped here.
            Some(Err(_)) => {
                let line = first_setting(text, before);
                let problem =
                    format!("cannot be read at line {line}: expected lines of NAME=value, quoted where needed");
                return Err(ConfigError::hidden(".env", problem));
            }
        }
    }
}

/// The number of the first line after `before` lines that is neither empty nor a comment. A value in quotes may go on
/// over several lines: this is where it begins, which is where a quote is missing.
fn first_setting(text: &str, before: usize) -> usize {
    let is_setting = |line: &str| !matches!(line.trim_start().chars().next(), None | Some('#'));
    before + 1 + text.lines().skip(before).position(is_setting).unwrap_or(0)
}

/// Reads a text one line at a time and counts them, so that a buffer around it never reads ahead.
struct ValueReader<'a> {
    rest: &'a [u8],
    taken: &'a Cell<usize>,
}

impl Read for ValueReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let read = end.min(buffer.len());
        let (piece, rest) = self.rest.split_at(read);
        buffer[..read].copy_from_slice(piece);
        self.rest = rest;
        self.taken.set(self.taken.get() + usize::from(piece.ends_with(b"\n")));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_a_wrong_line_only_by_its_number() {
        for (text, line) in [
            ("JWT_SECRET=hunter2 with spaces", 1),
            ("PORT=3000\n\n# don't\n  # a \"comment\nJWT_SECRET=hunter2 with spaces\nHOST=::1\n", 5),
            ("PORT=3000\r\nhunter2\r\n", 2),
            ("hunter2=\nhunter2\n", 2),
            ("JWT_SECRET: hunter2\n", 1),
            ("PORT=3000\nJWT_SECRET='hunter2\nHOST=::1\n", 2),
            ("PORT=3000\n\n#\nJWT_SECRET=\"hunter2\nHOST=::1\nPORT=1\n", 4),
            ("A=\"over\ntwo lines\"\nJWT_SECRET=\"hunter2\" hunter2\n", 3),
            ("JWT_SECRET=\"hunter2\\q\"\n", 1),
            ("PORT=1\nJWT_SECRET=${hunter2\n", 2),
            ("=hunter2\n", 1),
        ] {
            let error = parse(text).unwrap_err().to_string();
            let expected =
                format!(".env cannot be read at line {line}: expected lines of NAME=value, quoted where needed");
            assert_eq!(error, expected, "{text:?}");
        }
        let long = format!("A={}\nB=c d\n", "x".repeat(100_000));
        assert!(parse(&long).unwrap_err().to_string().contains("at line 2:"));
    }

    #[test]
    fn a_file_sets_the_variables_of_its_lines_and_a_missing_file_sets_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "PORT=3001\n# a comment\nHOST='::1'\nA=\"1\n2\"\n").unwrap();
        let file = read(&path).unwrap();
        let line = |name: &str| (file[name].number, file[name].value.as_str());
        assert_eq!([line("PORT"), line("HOST"), line("A")], [(1, "3001"), (3, "::1"), (4, "1\n2")]);
        std::fs::write(&path, b"JWT_SECRET=hunter2\xFF\n").unwrap();
        assert!(!read(&path).unwrap_err().to_string().contains("hunter2"));
        std::fs::remove_file(&path).unwrap();
        assert!(read(&path).unwrap().is_empty());
    }
}
