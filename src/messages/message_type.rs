//! What an app says a message is.

use crate::error::{Error, Result};
use crate::limits;

/// A name of 1 to 64 of `a-z`, `0-9`, `_`, `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageType(String);

impl MessageType {
    /// Takes a name as it is.
    pub fn parse(raw: &str) -> Result<Self> {
        let is_allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '-');
        if (1..=limits::MESSAGE_TYPE_LENGTH).contains(&raw.len()) && raw.chars().all(is_allowed) {
            return Ok(Self(raw.to_owned()));
        }
        let most = limits::MESSAGE_TYPE_LENGTH;
        Err(Error::input("type", format!("write 1 to {most} of a-z, 0-9, underscore, full stop and hyphen")))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_short_plain_name() {
        for raw in ["order_card", "a", "v1.2-beta", &"x".repeat(64)] {
            assert!(MessageType::parse(raw).is_ok_and(|parsed| parsed.as_str() == raw), "{raw}");
        }
        for raw in ["", "Order", "two words", "é", &"x".repeat(65), "a/b"] {
            assert!(MessageType::parse(raw).is_err(), "{raw}");
        }
    }
}
