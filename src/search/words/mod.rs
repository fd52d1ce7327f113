//! Which parts of a text can be searched for: words by their prefixes, and any substring in scripts that do not separate
//! words by spaces.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};
use crate::id::ConversationId;
use crate::{limits, printable};

/// The version of the rules in this file: an index that was built by another version is rebuilt.
pub(super) const RULES: i32 = 2;

/// Characters of a word that are indexed. Longer strings are rarely words.
const WORD: usize = 40;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A word, found by its prefix.
    Word(String),
    /// Characters of a script without spaces between words, or symbols: found by any part.
    Run(String),
}

/// What to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageSearch(Vec<Piece>);

/// A word to ask an index for, in a conversation: see [`prefix`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) word: String,
    /// Whether longer words with this prefix match as well.
    pub(super) is_beginning: bool,
}

impl MessageSearch {
    /// Parses a text of up to 200 Unicode scalars. It has no operators.
    pub fn parse(raw: &str) -> Result<Self> {
        if raw.contains('\0') {
            return Err(Error::input("query", "a search has no NUL in it"));
        }
        let max = limits::MESSAGE_SEARCH_LENGTH;
        if raw.chars().count() > max {
            return Err(Error::input("query", format!("a search has at most {max} characters")));
        }
        Ok(Self(pieces(raw)))
    }

    /// Whether there is nothing to search for, as in punctuation. It finds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text has all of it.
    pub fn matches(&self, text: &str) -> bool {
        let pieces = pieces(text);
        self.0.iter().all(|wanted| pieces.iter().any(|piece| wanted.is_in(piece)))
    }

    /// The terms to look up in an index: at most `words` of them, the longest, which are the rarest. They may find more
    /// messages than [`matches`](Self::matches) accepts, and never fewer.
    pub(super) fn terms(&self, words: usize) -> Vec<Term> {
        let mut terms = BTreeSet::new();
        for piece in &self.0 {
            match piece {
                Piece::Word(word) => {
                    terms.insert(Term { word: beginning(word).to_owned(), is_beginning: true });
                }
                Piece::Run(run) => terms.extend(pairs(run).map(|pair| {
                    let is_beginning = pair.chars().count() == 1;
                    Term { word: pair, is_beginning }
                })),
            }
        }
        let mut terms: Vec<Term> = terms.into_iter().collect();
        terms.sort_by_key(|term| std::cmp::Reverse(term.word.chars().count()));
        terms.truncate(words);
        terms
    }
}

impl Piece {
    fn is_in(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(wanted), Self::Word(word)) => word.starts_with(wanted.as_str()),
            (Self::Run(wanted), Self::Run(run)) => run.contains(wanted.as_str()),
            (Self::Word(_), Self::Run(_)) | (Self::Run(_), Self::Word(_)) => false,
        }
    }
}

/// A message's document in the index: its words, each once and with the prefix of its conversation. So a search reads
/// only entries of the viewer's conversations, and its duration does not depend on what others write.
pub(crate) fn document(conversation: ConversationId, text: &str) -> String {
    let mut terms = BTreeSet::new();
    for piece in pieces(text) {
        match &piece {
            Piece::Word(word) => {
                terms.insert(beginning(word).to_owned());
            }
            Piece::Run(run) => {
                terms.extend(pairs(run));
                // So that the last character, too, is the prefix of a word.
                terms.extend(run.chars().last().map(String::from));
            }
        }
    }
    let prefix = prefix(conversation);
    terms.into_iter().map(|word| prefix.clone() + &word).collect::<Vec<_>>().join(" ")
}

/// The prefix of each word of a conversation, of constant length. SQLite stores of a word only what differs from the
/// one before it, so it costs next to nothing.
pub(super) fn prefix(conversation: ConversationId) -> String {
    conversation.to_string().replace('-', "")
}

fn beginning(word: &str) -> &str {
    word.char_indices().nth(WORD).map_or(word, |(end, _)| &word[..end])
}

/// Each pair of adjacent characters; a single character gives itself.
fn pairs(run: &str) -> impl Iterator<Item = String> {
    let all: Vec<char> = run.chars().collect();
    let size = all.len().min(2);
    all.windows(size).map(|pair| pair.iter().collect()).collect::<Vec<String>>().into_iter()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut follows = false;
    for c in fold(text) {
        let is_dense = is_dense(c);
        let is_letter = is_dense || c.is_alphanumeric() || (follows && is_combining_mark(c));
        if is_letter {
            match pieces.last_mut() {
                Some(Piece::Word(word)) if follows && !is_dense => word.push(c),
                Some(Piece::Run(run)) if follows && (is_dense || is_combining_mark(c)) => run.push(c),
                _ if is_dense => pieces.push(Piece::Run(c.into())),
                _ => pieces.push(Piece::Word(c.into())),
            }
        }
        follows = is_letter;
    }
    pieces
}

/// Folds what people do not distinguish, or do not type: case, width, accents, the vowel points of Hebrew and Arabic, the
/// colour of hands, and what can't be seen.
fn fold(text: &str) -> impl Iterator<Item = char> {
    // To upper case before lower case: this way ß equals SS, and ς equals σ.
    let cased = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    cased.filter(|&c| (c.is_whitespace() || printable::is_visible(c)) && !is_ignored(c)).nfc()
}

fn is_ignored(c: char) -> bool {
    matches!(c,
        // Accents of Latin, Greek and Cyrillic.
        '\u{300}'..='\u{36F}'
        // Hebrew points and accents.
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}'
        // Arabic: signs, the stretch, points, and what the Quran adds.
        | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}'
        | '\u{6DF}'..='\u{6E4}' | '\u{6E7}'..='\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        // Skin tones.
        | '\u{1F3FB}'..='\u{1F3FF}')
}

/// Whether a character is of a script that does not separate words by spaces (or where words are found by parts, as Hangul),
/// or a symbol, as emoji are.
fn is_dense(c: char) -> bool {
    let of_script = matches!(c,
        // Thai, Lao, Tibetan, Burmese.
        '\u{E00}'..='\u{109F}'
        // Hangul as letters.
        | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{A960}'..='\u{A97F}'
        // Khmer, and the scripts of the Tai.
        | '\u{1780}'..='\u{17FF}' | '\u{1950}'..='\u{19FF}' | '\u{1A20}'..='\u{1AAF}' | '\u{AA60}'..='\u{AADF}'
        // Radicals, kana, bopomofo, ideographs, Yi.
        | '\u{2E80}'..='\u{312F}' | '\u{31A0}'..='\u{A4CF}' | '\u{A9E0}'..='\u{A9FF}'
        // Hangul as syllables, ideographs of other standards.
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        // What was added to all of them.
        | '\u{16FE0}'..='\u{18DFF}' | '\u{1AFF0}'..='\u{1B2FF}' | '\u{20000}'..='\u{3FFFF}');
    let is_symbol = matches!(c, '\u{A2}'..='\u{A9}' | '\u{AC}' | '\u{AE}'..='\u{B1}' | '\u{20A0}'..='\u{20CF}'
        | '\u{2100}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}');
    (of_script && (c.is_alphanumeric() || is_combining_mark(c))) || (is_symbol && !c.is_alphanumeric())
}

/// Hides the words: they must not reach a log.
impl std::fmt::Debug for MessageSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageSearch(…)")
    }
}

#[cfg(test)]
mod tests;
