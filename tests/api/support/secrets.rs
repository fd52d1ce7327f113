//! Secrets that must never be logged: all tests run with full logging, and each line is searched for them.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Once, PoisonError, RwLock};

use serde_json::Value;

/// Parts of every token, and of the addresses and passwords that the helpers generate.
const ALWAYS: [&str; 3] = ["eyJ", "@example.", super::PASSWORD];
/// The names of fields whose values are secret.
const KEYS: [&str; 5] = ["email", "password", "search", "text", "token"];
/// Shorter texts may occur in a line by chance.
const LENGTH: usize = 8;

/// Secrets recognised by their first characters.
static SECRETS: RwLock<Option<HashMap<[u8; LENGTH], Vec<String>>>> = RwLock::new(None);

/// Remembers the secrets in a request.
pub fn keep(sent: &Value) {
    match sent {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Value::String(secret) if KEYS.contains(&key.as_str()) => remember(secret),
            _ => keep(value),
        }),
        Value::Array(items) => items.iter().for_each(keep),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn remember(secret: &str) {
    let secret = secret.trim();
    let Some(begin) = secret.as_bytes().first_chunk() else { return };
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    let alike = secrets.get_or_insert_default().entry(*begin).or_default();
    if !alike.iter().any(|known| known == secret) {
        alike.push(secret.to_owned());
    }
}

/// A secret that a line contains.
pub fn found_in(line: &str) -> Option<String> {
    if let Some(found) = ALWAYS.into_iter().find(|always| line.contains(always)) {
        return Some(found.to_owned());
    }
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    let secrets = secrets.as_ref()?;
    line.as_bytes().windows(LENGTH).enumerate().find_map(|(at, begin)| {
        let alike = secrets.get(begin)?;
        alike.iter().find(|secret| line.as_bytes()[at..].starts_with(secret.as_bytes())).cloned()
    })
}

/// Logs everything that the tests and their servers do, and aborts the tests if a line contains a secret: the server
/// would catch a panic.
pub fn watch_the_log() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let everything = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        everything.with_ansi(false).with_writer(|| Searched).init();
    });
}

struct Searched;

impl Write for Searched {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if let Some(secret) = found_in(&text) {
            // Not by `eprintln`, which is shown only when a test has failed.
            let _ = writeln!(std::io::stderr(), "{secret:?} must not be in the log, and is:\n{text}");
            std::process::abort();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
