//! The last tries of a webhook, for the operator who looks at it, and how long it waits after one that failed.

use std::time::Duration;

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

/// The wait after so many failures in a row: from a second, doubled, to an hour. A random half of it is left out, so that
/// receivers that were away together are not called together.
pub(super) fn wait(failures: i32, random: u32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    let whole = limits::WEBHOOK_FIRST_WAIT.saturating_mul(1 << doublings).min(limits::WEBHOOK_LONGEST_WAIT);
    // From a half to all of it, and never less than the first wait.
    let part = 0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0;
    whole.mul_f64(part).max(limits::WEBHOOK_FIRST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_second_to_an_hour_with_a_random_part() {
        let seconds = |failures| (wait(failures, 0).as_secs(), wait(failures, u32::MAX).as_secs());
        for (failures, expected) in
            [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (4, (4, 8)), (12, (1024, 2048)), (13, (1800, 3600))]
        {
            assert_eq!(seconds(failures), expected, "{failures}");
        }
        for failures in [14, 40, i32::MAX] {
            assert_eq!(seconds(failures), (1800, 3600), "{failures}");
        }
    }
}
