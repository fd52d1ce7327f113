//! Checks the text of a document before it is parsed.
//!
//! async-graphql's parser recurses into brackets without a bound: 2,000 of them, 4 kB from anybody, overflow the stack
//! and abort the process. So brackets are counted first, in one pass without recursion or allocation, by the grammar of
//! async-graphql-parser (`graphql.pest`):
//!
//! - a comment ends only at a line feed or a carriage return;
//! - an unterminated block string is not one: its first two quotes are an empty string, and the third begins another;
//! - a string ends at the end of the line.
//!
//! At a syntax error the parser stops. The text behind it is counted too, which can only reject a document that is
//! invalid anyway.

pub mod escapes;

use super::{QueryLimit, QueryRefusal};
use crate::limits::{QUERY_BYTES, QUERY_NESTING, QUERY_TOKENS};

/// Accepts a text for the parser, or rejects it.
pub fn check(text: &str) -> Result<(), QueryRefusal> {
    QueryLimit::Bytes.allow(text.len(), QUERY_BYTES)?;
    let size = measure(text.as_bytes());
    QueryLimit::Tokens.allow(size.tokens, QUERY_TOKENS)?;
    QueryLimit::Nesting.allow(size.nesting, QUERY_NESTING)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct TextSize {
    /// Names, numbers, strings and punctuators; `...` is one. The parser finds more where it takes the beginning of a
    /// name for a keyword (`[truetrue]`); the limit on bytes bounds those.
    tokens: usize,
    /// The maximum number of open brackets.
    nesting: usize,
}

fn measure(text: &[u8]) -> TextSize {
    let mut size = TextSize::default();
    let mut open: usize = 0;
    // If one block string has no end, no later one has: searching again would make the pass quadratic.
    let mut block_strings = true;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'#' => {
                at = skip(text, at, |byte| !ends_line(byte));
                continue;
            }
            b'{' | b'[' | b'(' => {
                open += 1;
                size.nesting = size.nesting.max(open);
            }
            // The parser checks that brackets match, and stops at one that does not.
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            b'!' | b'$' | b'&' | b':' | b'=' | b'@' | b'|' => {}
            b'"' => at = string_end(text, start, &mut block_strings),
            b'.' if text[at..].starts_with(b"..") => at += 2,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                at = skip(text, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            }
            b'0'..=b'9' => at = number_end(text, start),
            b'-' if digit(text, at) => at = number_end(text, at),
            // White space, commas, a byte order mark, and invalid characters.
            _ => continue,
        }
        size.tokens += 1;
    }
    size
}

/// The end of the string whose first quote is at `start`.
fn string_end(text: &[u8], start: usize, block_strings: &mut bool) -> usize {
    if text[start..].starts_with(b"\"\"\"") {
        if *block_strings && let Some(end) = block_string_end(text, start + 3) {
            return end;
        }
        *block_strings = false;
        return start + 2;
    }
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            _ if ends_line(byte) => return at,
            b'\\' if text.get(at + 1).is_some_and(|&byte| !ends_line(byte)) => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn block_string_end(text: &[u8], mut at: usize) -> Option<usize> {
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}

/// The end of the number whose first digit is at `start`. `007` is three numbers, as for the parser.
fn number_end(text: &[u8], start: usize) -> usize {
    let mut end = if text[start] == b'0' { start + 1 } else { digits_end(text, start) };
    if text.get(end) == Some(&b'.') && digit(text, end + 1) {
        end = digits_end(text, end + 1);
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        if digit(text, end + 1 + sign) {
            end = digits_end(text, end + 1 + sign);
        }
    }
    end
}

fn digit(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_digit)
}

fn digits_end(text: &[u8], at: usize) -> usize {
    skip(text, at, |byte| byte.is_ascii_digit())
}

fn ends_line(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// The first position from `at` on whose byte does not pass, or the end of the text.
fn skip(text: &[u8], at: usize, pass: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|&byte| !pass(byte)).map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests;
