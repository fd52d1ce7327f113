//! The text of a message.

use std::fmt;

use crate::error::{Error, Result};
use crate::{limits, printable};

/// The input field that errors refer to.
const FIELD: &str = "text";

/// A text of 1 to 4,000 Unicode scalars, at least one of them visible.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Accepts a text unchanged, except that its line ends become `\n`, and that blank lines before and after it and white
    /// space at its end go. The first line keeps what it begins with, as code does.
    ///
    /// All characters except C0 controls are allowed: a message is displayed in a block of its own, where a
    /// bidirectional override or a tall stack of marks can't affect another message, and the recipient should read what
    /// was sent.
    pub fn parse(raw: &str) -> Result<Self> {
        let text = raw.replace("\r\n", "\n").replace('\r', "\n");
        // Before trimming, which would remove some of these at the ends and leave them in the middle.
        if text.chars().any(|c| c < ' ' && !matches!(c, '\n' | '\t')) {
            return Err(Error::input(FIELD, "leave out control characters other than line breaks and tabs"));
        }
        let text = without_blank_lines(text.trim_end());
        if !text.chars().any(printable::is_visible) {
            return Err(Error::input(FIELD, "write a text with visible characters"));
        }
        let length = text.chars().count();
        if length > limits::MESSAGE_LENGTH {
            let max = limits::MESSAGE_LENGTH;
            return Err(Error::input(FIELD, format!("write at most {max} characters: these are {length}")));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text from its first line that is not blank.
fn without_blank_lines(text: &str) -> &str {
    let begins = text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
    text[..begins].rfind('\n').map_or(text, |line_end| &text[line_end + 1..])
}

/// Does not print the text, so that it can't reach a log.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(raw: &str) -> Option<String> {
        match MessageText::parse(raw) {
            Ok(text) => Some(text.as_str().to_owned()),
            Err(Error::BadUserInput { field, .. }) if field == FIELD => None,
            Err(other) => panic!("{raw:?}: {other:?}"),
        }
    }

    #[test]
    fn length_is_counted_in_scalars() {
        assert!(taken("a").is_some());
        assert!(taken(&"😀".repeat(4_000)).is_some());
        assert!(taken(&"😀".repeat(4_001)).is_none());
        assert!(taken(&format!("\n{} \t", "a".repeat(4_000))).is_some());
        assert!(taken(&"\r\n".repeat(1_999).replace("\r\n", "a\r\n")).is_some());
    }

    #[test]
    fn blank_lines_around_a_text_go_and_line_ends_are_normalised() {
        for (raw, text) in [
            ("\n a\r\nb\rc\n\td \u{A0}\n", " a\nb\nc\n\td"),
            ("    let a = 1;\n    let b = 2;\n", "    let a = 1;\n    let b = 2;"),
            ("\r\n \t\r\n\tcode\r\n\r\n", "\tcode"),
            ("  hello  ", "  hello"),
            ("a\n\n\nb", "a\n\n\nb"),
        ] {
            assert_eq!(taken(raw).as_deref(), Some(text), "{raw:?}");
        }
    }

    #[test]
    fn nothing_else_is_changed() {
        let mixed = "e\u{301} é \u{212B} ﬁ \
                     \u{202E}abc\u{202C} \u{2066}x\u{2069} \u{200D}\u{FE0F} \
                     \u{7F}\u{9B} q\u{489}\u{489}\u{489} \u{FFFF}";
        assert_eq!(taken(mixed).as_deref(), Some(mixed));
    }

    #[test]
    fn control_characters_other_than_line_breaks_and_tabs_are_rejected_anywhere() {
        for c in ('\0'..='\u{1F}').filter(|c| !matches!(c, '\n' | '\t' | '\r')) {
            for raw in [format!("{c}ab"), format!("a{c}b"), format!("ab{c}")] {
                assert!(taken(&raw).is_none(), "{raw:?}");
            }
        }
    }

    #[test]
    fn invisible_texts_are_rejected() {
        for raw in ["", " \r\n\t", "\u{A0}", "\u{200B}\u{FEFF}", "\u{3164}", "\u{2800}", "\u{FE0F}"] {
            assert!(taken(raw).is_none(), "{raw:?}");
            assert!(taken(&format!("{raw}.")).is_some(), "{raw:?} and a dot");
        }
    }

    #[test]
    fn a_text_does_not_print() {
        assert_eq!(format!("{:?}", MessageText::parse("hush").expect("a text")), "MessageText(…)");
    }
}
