//! What people react with.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::{Error, Result};
use crate::limits;

/// The variation selector that asks for a picture in place of a letter. With and without it an emoji is the same one.
const VARIATION_16: char = '\u{FE0F}';

/// One emoji: a sequence that Unicode recommends for general interchange (RGI), or a name between colons, which means what
/// an app says that it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Emoji(String);

impl Emoji {
    /// Takes an emoji with or without its variation selectors, or `:name:`.
    pub fn parse(raw: &str) -> Result<Self> {
        let named = raw.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
        let found = match named {
            Some(name) => is_name(name).then(|| raw.to_owned()),
            None => QUALIFIED.get(bare(raw).as_str()).map(|emoji| (*emoji).to_owned()),
        };
        found.map(Self).ok_or_else(|| Error::input("emoji", "react with one emoji, or with a name between colons"))
    }

    /// One that was taken before.
    pub(super) fn stored(emoji: String) -> Self {
        Self(emoji)
    }

    /// The emoji, with the variation selectors that it should have.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '+' | '-');
    (1..=limits::EMOJI_NAME_LENGTH).contains(&name.len()) && name.chars().all(is_allowed)
}

fn bare(emoji: &str) -> String {
    // The longest has 35 bytes: of anything else that is longer, nothing is copied.
    if emoji.len() > 64 { String::new() } else { emoji.chars().filter(|c| *c != VARIATION_16).collect() }
}

/// All emoji by themselves without variation selectors.
static QUALIFIED: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let toned = emojis::iter().filter_map(|emoji| emoji.skin_tones()).flatten();
    emojis::iter().chain(toned).map(|emoji| (bare(emoji.as_str()), emoji.as_str())).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(raw: &str) -> Option<String> {
        Emoji::parse(raw).ok().map(|emoji| emoji.as_str().to_owned())
    }

    #[test]
    fn every_recommended_sequence_is_an_emoji() {
        assert!(QUALIFIED.len() > 3_600, "{}", QUALIFIED.len());
        for emoji in ["😀", "👍🏽", "👩‍❤️‍💋‍👨", "👩🏿‍❤️‍👨🏼", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣", "🏳️‍🌈", "🫱🏻‍🫲🏿"]
        {
            assert_eq!(parsed(emoji).as_deref(), Some(emoji));
        }
    }

    #[test]
    fn an_emoji_without_its_variation_selector_is_the_same() {
        for (raw, whole) in [("❤", "❤️"), ("❤️", "❤️"), ("☺", "☺️"), ("👍\u{FE0F}", "👍"), ("🏳\u{200D}🌈", "🏳️‍🌈")]
        {
            assert_eq!(parsed(raw).as_deref(), Some(whole), "{raw}");
        }
    }

    #[test]
    fn a_name_between_colons_is_taken_as_it_is() {
        for name in [":party_parrot:", ":+1:", ":a:", &format!(":{}:", "x".repeat(32))] {
            assert_eq!(parsed(name).as_deref(), Some(name));
        }
        for name in ["::", ":", ":A:", ":two words:", ":é:", &format!(":{}:", "x".repeat(33)), "party"] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for raw in ["", "a", "😀😀", " 😀", "😀\u{200D}", "\u{FE0F}", "🏻🏻", "👍👍🏽", "1", "#", &"😀".repeat(1_000)]
        {
            assert_eq!(parsed(raw), None, "{raw:?}");
        }
    }
}
