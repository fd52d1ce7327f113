//! The last tries of a webhook, for the operator who looks at it.

use serde::{Deserialize, Serialize};

use crate::limits;

/// A try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostAttempt {
    /// When it began, in milliseconds since 1970.
    pub at: i64,
    /// The cursor that it was identified by.
    pub id: String,
    /// How many events it had.
    pub events: usize,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What failed.
    pub error: Option<String>,
}

/// Reads a webhook's tries, the oldest first.
pub fn read_attempts(text: &str) -> Vec<PostAttempt> {
    // Nobody else writes them; what cannot be read is of another version.
    serde_json::from_str(text).unwrap_or_default()
}

/// Adds a try and drops the oldest one beyond the bound.
pub(super) fn with(text: &str, attempt: PostAttempt) -> String {
    let mut attempts = read_attempts(text);
    attempts.push(attempt);
    let many = attempts.len().saturating_sub(limits::WEBHOOK_ATTEMPTS);
    attempts.drain(..many);
    serde_json::to_string(&attempts).unwrap_or_default()
}
