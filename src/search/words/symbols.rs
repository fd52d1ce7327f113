//! What a message must have as it was typed: `C++`, `C#`, `1/2`, `$5`.

use crate::fold::{fold, is_dense};

/// Symbols that belong to what they stand at. Other punctuation belongs to the sentence.
const SYMBOLS: &str = "#$%&+/<=>@\\^_|~";
/// What stands around a word because of the sentence.
const AROUND: &str = ".,;:!?\'\"`*()[]{}«»„“”‘’";

/// The parts of a query that have symbols, folded. Symbols alone are none, as no index has them.
pub(super) fn written(query: &str) -> Vec<String> {
    let folded: String = fold(query).collect();
    let tokens = folded.split_whitespace().map(|token| token.trim_matches(|c| AROUND.contains(c)));
    let has_both = |token: &&str| token.contains(|c| SYMBOLS.contains(c)) && token.contains(is_searched);
    tokens.filter(has_both).map(str::to_owned).collect()
}

/// Whether a text has all of these.
pub(super) fn are_in(written: &[String], text: &str) -> bool {
    if written.is_empty() {
        return true;
    }
    let folded: String = fold(text).collect();
    written.iter().all(|token| is_in(token, &folded))
}

/// Whether a folded text has a token. One that begins with a letter or a digit is found where a word begins.
fn is_in(token: &str, text: &str) -> bool {
    let begins_word = token.starts_with(|c: char| c.is_alphanumeric() && !is_dense(c));
    text.match_indices(token).any(|(at, _)| !(begins_word && text[..at].ends_with(char::is_alphanumeric)))
}

fn is_searched(c: char) -> bool {
    c.is_alphanumeric() || is_dense(c)
}
