//! The name of a person.

use unicode_normalization::UnicodeNormalization;

use crate::accounts::look::is_reserved;
use crate::error::{Error, Result};
use crate::{limits, printable};

const FIELD: &str = "fullName";

/// A full name of 1 to 80 characters. Not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Accepts one line with at least one visible character, trimmed and in NFC. The name of erased people is rejected.
    pub fn parse(raw: &str) -> Result<Self> {
        let name = printable::line(raw, FIELD, limits::NAME_LENGTH)?;
        if is_reserved(&name) {
            return Err(Error::input(FIELD, "choose another name: this one is for people whose account was deleted"));
        }
        Ok(Self(name))
    }

    /// The name as displayed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is searched and sorted.
    pub fn key(&self) -> String {
        search_key(&self.0)
    }
}

/// Normalises a name, or a search term for one: case, width, invisible characters and the amount of white space are
/// ignored. Accents are not.
pub fn search_key(raw: &str) -> String {
    let folded: String = raw
        .nfkc()
        .filter(|&c| c.is_whitespace() || printable::is_visible(c))
        // Upper case first, then lower: this way ß equals SS, and ς equals σ.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Lower-casing İ leaves this mark behind its i; without it `ibrahim` finds İbrahim.
        .filter(|&c| c != '\u{307}')
        .nfkc()
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_80_characters() {
        assert!(Name::parse("a").is_ok());
        assert!(Name::parse(&"é".repeat(80)).is_ok());
        for raw in ["", " ", &"é".repeat(81)] {
            let refused = Name::parse(raw);
            assert!(matches!(refused, Err(Error::BadUserInput { ref field, .. }) if field == "fullName"), "{raw:?}");
        }
    }

    #[test]
    fn a_name_keeps_its_case_and_its_key_does_not() {
        let name = Name::parse(" Ada  LOVELACE ").expect("a name");
        assert_eq!(name.as_str(), "Ada  LOVELACE");
        assert_eq!(name.key(), "ada lovelace");
    }

    #[test]
    fn a_search_term_is_normalised_like_a_name() {
        let alike = [
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("İbrahim", "ibrahim"),
            ("Işık", "işik"),
            ("Ａｄａ", "ada"),
            ("ﬁona", "FIONA"),
            ("Jose\u{301}", "JOSÉ"),
            ("A\u{200B}d\u{AD}a\u{FE0F}", "ada"),
            ("ada\u{3000}l", "Ada L "),
            ("Ąžuolė", "ąŽUOLĖ"),
        ];
        for (one, other) in alike {
            assert_eq!(search_key(one), search_key(other), "{one} {other}");
            assert_eq!(search_key(&search_key(one)), search_key(one), "{one}");
        }
        assert_ne!(search_key("José"), search_key("Jose"));
        assert_eq!(search_key("\u{200B} "), "");
    }
}
