//! Escapes of characters beyond U+FFFF in strings, which the GraphQL specification has and the parser does not:
//! `\uD83D\uDE00`, as JSON escapes them, and `\u{1F600}`.

use std::borrow::Cow;
use std::iter::repeat_n;

use super::{ends_line, skip, string_end};

/// The text with these escapes replaced by the characters that they stand for. Half a pair and numbers of no character
/// remain, and the parser refuses them. Spaces behind the string keep the columns of what follows.
pub fn replace(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let (mut replaced, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
    let mut block_strings = true;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at = match byte {
            b'#' => skip(bytes, start + 1, |byte| !ends_line(byte)),
            b'"' => string_end(bytes, start, &mut block_strings),
            _ => start + 1,
        };
        // In a block string nothing is escaped.
        if byte == b'"' && !text[start..].starts_with("\"\"\"") && text[start..at].contains("\\u") {
            replaced.push_str(&text[copied..start]);
            push_string(&mut replaced, &text[start..at]);
            copied = at;
        }
    }
    replaced.push_str(&text[copied..]);
    Cow::Owned(replaced)
}

fn push_string(replaced: &mut String, string: &str) {
    let (begin, mut rest) = (replaced.len(), string);
    while let Some(backslash) = rest.find('\\') {
        replaced.push_str(&rest[..backslash]);
        rest = &rest[backslash..];
        let length = match character(rest) {
            Some((character, length)) => {
                push_character(replaced, character);
                length
            }
            None => {
                let length = rest.chars().take(2).map(char::len_utf8).sum();
                replaced.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    replaced.push_str(rest);
    let written = replaced[begin..].chars().count();
    replaced.extend(repeat_n(' ', string.chars().count().saturating_sub(written)));
}

/// What an escape at the beginning of a text stands for, with the length of the escape.
fn character(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("\\u")?;
    if let Some(braced) = digits.strip_prefix('{') {
        let (digits, _) = braced.split_once('}')?;
        return Some((char::from_u32(number(digits)?)?, digits.len() + 4));
    }
    let (high, low) = (digits.get(..4)?, digits.get(4..)?.strip_prefix("\\u")?.get(..4)?);
    let pair = [u16::try_from(number(high)?).ok()?, u16::try_from(number(low)?).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    (character.len_utf16() == 2).then_some((character, 12))
}

fn number(digits: &str) -> Option<u32> {
    // `from_str_radix` also takes a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn push_character(replaced: &mut String, character: char) {
    match character {
        '"' => replaced.push_str("\\\""),
        '\\' => replaced.push_str("\\\\"),
        '\n' => replaced.push_str("\\n"),
        '\r' => replaced.push_str("\\r"),
        character => replaced.push(character),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn an_escaped_character_is_replaced_and_columns_are_kept() {
        for (text, expected) in [
            (r#"{ a(b: "\uD83D\uDE00") c }"#, r#"{ a(b: "😀"           ) c }"#),
            (r#"{ a(b: "x\u{1F600}y") c }"#, r#"{ a(b: "x😀y"        ) c }"#),
            (r#"{ a(b: "\ud83d\ude00\u{e9}") }"#, r#"{ a(b: "😀é"                ) }"#),
            (r#"{ a(b: "\u{22}\u{5C}\u{A}\u{d}") }"#, r#"{ a(b: "\"\\\n\r"              ) }"#),
            (r#"{ a(b: "\u{000041}") }"#, r#"{ a(b: "A"         ) }"#),
        ] {
            assert_eq!(replace(text), expected, "{text}");
            assert_eq!(replace(&replace(text)), replace(text), "{text}");
            assert!(parse_query(replace(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn anything_else_remains() {
        for text in [
            r#"{ a(b: "\u0041\u0042") }"#,
            r#"{ a(b: "\\u{41}\\uD83D\\uDE00") }"#,
            r#"{ a(b: """\u{1F600} \uD83D\uDE00""") }"#,
            "{ a } # \"\\u{1F600}\"",
            r#"{ a(b: "\uD83D") }"#,
            r#"{ a(b: "\uDE00\uD83D") }"#,
            r#"{ a(b: "\uD83D\u0041") }"#,
            r#"{ a(b: "\u{D83D}\u{DE00}") }"#,
            r#"{ a(b: "\u{110000}") }"#,
            r#"{ a(b: "\u{}") }"#,
            r#"{ a(b: "\u{+41}") }"#,
            r#"{ a(b: "\u{1F600") }"#,
            r#"{ a(b: "\u"#,
            r#"{ a(b: "\é\u"#,
            r"\u{1F600}",
        ] {
            assert_eq!(replace(text), text);
        }
    }
}
