//! The title of a group.

use crate::error::Result;
use crate::{limits, printable};

/// A title of 1 to 100 characters. Not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Accepts one line with at least one visible character, trimmed and in NFC: the rules of a person's name.
    pub fn parse(raw: &str) -> Result<Self> {
        printable::line(raw, "title", limits::TITLE_LENGTH).map(Self)
    }

    /// The title as displayed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_title_has_1_to_100_characters_in_one_line() {
        assert_eq!(Title::parse(" Tea at 5 🫖 ").expect("a title").as_str(), "Tea at 5 🫖");
        assert!(Title::parse(&"é".repeat(100)).is_ok());
        for raw in ["", "\u{200B}", "a\nb", "a\u{202E}b", &"é".repeat(101)] {
            let refused = Title::parse(raw);
            assert!(matches!(refused, Err(Error::BadUserInput { ref field, .. }) if field == "title"), "{raw:?}");
        }
    }
}
