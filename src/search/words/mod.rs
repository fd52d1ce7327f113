//! Which parts of a text can be searched for: words by their prefixes, and any substring in scripts that do not separate
//! words by spaces. Where a query has symbols, as `C++` has, a message must have them as written: the index knows only the
//! words.

mod humps;
mod symbols;

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};
use crate::fold::{fold, is_dense};
use crate::id::ConversationId;
use crate::limits;
use humps::humps;

/// The version of the rules in this folder and of [`fold`]: an index that was built by another version is rebuilt.
pub(super) const RULES: i32 = 3;

/// Characters of a word that are indexed. Longer strings are rarely words.
const WORD: usize = 40;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A word, found by its prefix.
    Word(Word),
    /// Characters of a script without spaces between words, or symbols: found by any part.
    Run(String),
}

/// A word, and where in it others begin by its case, as in `userName`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word {
    text: String,
    humps: Vec<usize>,
}

impl Word {
    /// The word, and the words within it to its end: `username` and `name`.
    fn parts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.text.as_str()).chain(self.humps.iter().filter_map(|at| self.text.get(*at..)))
    }
}

/// What to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageSearch {
    pieces: Vec<Piece>,
    /// What a message must have as written, folded.
    written: Vec<String>,
}

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
        Ok(Self { pieces: pieces(raw), written: symbols::written(raw) })
    }

    /// Whether there is nothing to search for, as in punctuation. It finds nothing.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether a text has all of it.
    pub fn matches(&self, text: &str) -> bool {
        let found = pieces(text);
        self.pieces.iter().all(|wanted| found.iter().any(|piece| wanted.is_in(piece)))
            && symbols::are_in(&self.written, text)
    }

    /// The terms to look up in an index: at most `words` of them, the longest, which are the rarest. They may find more
    /// messages than [`matches`](Self::matches) accepts, and never fewer.
    pub(super) fn terms(&self, words: usize) -> Vec<Term> {
        let mut terms = BTreeSet::new();
        for piece in &self.pieces {
            match piece {
                Piece::Word(word) => {
                    terms.insert(Term { word: beginning(&word.text).to_owned(), is_beginning: true });
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
            (Self::Word(wanted), Self::Word(word)) => word.parts().any(|part| part.starts_with(&wanted.text)),
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
            Piece::Word(word) => terms.extend(word.parts().map(|part| beginning(part).to_owned())),
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
    for (number, hump) in humps(text).enumerate() {
        let mut begins = number > 0;
        for c in fold(hump) {
            let is_dense = is_dense(c);
            let is_letter = is_dense || c.is_alphanumeric() || (follows && is_combining_mark(c));
            if is_letter {
                match pieces.last_mut() {
                    Some(Piece::Word(word)) if follows && !is_dense => {
                        if begins {
                            word.humps.push(word.text.len());
                        }
                        word.text.push(c);
                    }
                    Some(Piece::Run(run)) if follows && (is_dense || is_combining_mark(c)) => run.push(c),
                    _ if is_dense => pieces.push(Piece::Run(c.into())),
                    _ => pieces.push(Piece::Word(Word { text: c.into(), humps: Vec::new() })),
                }
                begins = false;
            }
            follows = is_letter;
        }
    }
    pieces
}

/// Hides the words: they must not reach a log.
impl std::fmt::Debug for MessageSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageSearch(…)")
    }
}

#[cfg(test)]
mod tests;
