//! Names of consumers.

use crate::error::{Error, Result};
use crate::limits;

/// A valid name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerName(String);

impl ConsumerName {
    /// Takes 1 to 64 letters, digits, `.`, `_` and `-`. `field` is the argument's path.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > limits::CONSUMER_NAME || !text.chars().all(is_valid) {
            let message = format!("a name has 1 to {} letters, digits, `.`, `_` and `-`", limits::CONSUMER_NAME);
            return Err(Error::input(field, message));
        }
        Ok(Self(text.to_owned()))
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
    fn a_name_has_letters_digits_and_three_signs() {
        let longest = "n".repeat(64);
        for good in ["a", "Phone-1_of.Ada", "0", &longest] {
            assert_eq!(ConsumerName::parse("name", good).expect("a name").as_str(), good);
        }
        let longer = "n".repeat(65);
        for bad in ["", " ", "a b", "a/b", "ä", "a\n", &longer] {
            assert!(ConsumerName::parse("name", bad).is_err(), "{bad}");
        }
    }
}
