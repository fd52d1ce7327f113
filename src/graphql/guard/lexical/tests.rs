//! The lexical check against an independent tokenizer and against the parser itself.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql_value::Value as Argument;
use proptest::prelude::*;

use super::{TextSize, check, measure};
use crate::graphql::guard::{QueryLimit, QueryRefusal};

fn size(text: &str) -> (usize, usize) {
    let TextSize { tokens, nesting } = measure(text.as_bytes());
    (tokens, nesting)
}

fn refused(text: &str) -> Option<QueryLimit> {
    match check(text) {
        Ok(()) => None,
        Err(QueryRefusal::TooMuch { limit, .. }) => Some(limit),
        Err(circular @ QueryRefusal::Circular { .. }) => panic!("{circular}"),
    }
}

#[test]
fn tokens_are_counted_as_the_specification_counts_them() {
    for (text, tokens) in [
        ("", 0),
        (" ,\t\r\n\u{feff}", 0),
        ("{ me { id } }", 6),
        ("{...F}", 4),
        ("query Q($a: [Int!]! = [1] @d) { a: b(c: $a) }", 29),
        ("!$&():=@[]{|}", 13),
        ("-1 0 1.5 -1.5e+10 2E3", 5),
        ("_a1 a_", 2),
        (r#""" "a" "a\"b" "\\" "a\u00e9""#, 5),
        (r#""""""" """a""" """a"b""c""" """a\"""b""""#, 4),
        ("a # b c\nd # e\rf", 3),
        ("# only a comment", 0),
    ] {
        assert_eq!(size(text).0, tokens, "{text}");
    }
}

#[test]
fn brackets_nest() {
    for (text, nesting) in
        [("a", 0), ("{a}", 1), ("{a(b:[{c:[]}])}", 5), ("{a{b}c{d{e}}}", 3), ("}}}{", 1), ("[)(]([", 2)]
    {
        assert_eq!(size(text).1, nesting, "{text}");
    }
}

#[test]
fn brackets_in_strings_and_comments_do_not_nest() {
    let many = "[{(".repeat(1_600);
    for text in [
        format!("{{a(b:\"{many}\")}}"),
        format!("{{a(b:\"\\\"{many}\\\\\")}}"),
        format!("{{a(b:\"\"\"{many}\"\"\")}}"),
        format!("{{a(b:\"\"\"\n{many}\n\\\"\"\" \" \"\" {many} \"\"\")}}"),
        format!("{{a #{many}\n}}"),
        format!("{{a #\" {many}\r b(c:\"#\")}}"),
    ] {
        assert_eq!(refused(&text), None, "{text}");
        assert_eq!(size(&text).1, if text.contains('(') && !text.starts_with("{a #[") { 2 } else { 1 }, "{text}");
        assert!(parse_query(&text).is_ok(), "{text}");
    }
}

#[test]
fn brackets_behind_strings_and_comments_nest() {
    for before in [
        "\"a\"",
        "\"a\\\"\"",
        "\"\\\\\"",
        "\"\"",
        "\"\"\"\"\"\"",
        "\"\"\"a\"\"\"",
        "\"\"\"\\\"\"\"\"\"\"",
        "#\n",
        "#\"\n",
        "#\r",
        "#\"\"\"\r\n",
        // Unterminated strings: the parser stops there, or continues behind an empty string.
        "\"a\n",
        "\"a\\\n",
        "\"\"\"\n",
        "\"\"\"a\"",
        "\"\"\"\\\"\"\"a\n",
    ] {
        let text = format!("{before}{}", "[".repeat(65));
        assert_eq!(refused(&text), Some(QueryLimit::Nesting), "{text}");
    }
}

#[test]
fn a_value_at_the_limit_passes_and_one_more_does_not() {
    for (text, limit) in [
        ("a".repeat(15_000), None),
        ("a".repeat(15_001), Some(QueryLimit::Bytes)),
        ("é".repeat(7_501), Some(QueryLimit::Bytes)),
        ("a ".repeat(2_000), None),
        ("a ".repeat(2_001), Some(QueryLimit::Tokens)),
        ("[".repeat(64), None),
        ("[".repeat(65), Some(QueryLimit::Nesting)),
        ("[{(".repeat(22), Some(QueryLimit::Nesting)),
    ] {
        assert_eq!(refused(&text), limit, "{} bytes", text.len());
    }
}

#[test]
fn the_refusal_gives_the_value_and_the_limit() {
    let text = "[".repeat(70);
    let refusal = check(&text).expect_err("70 brackets are too many");
    assert_eq!(refusal.to_string(), "the query has 70 levels of brackets, at most 64 are allowed: nest fewer");
}

#[test]
fn documents_that_overflow_the_parsers_stack_are_refused() {
    let lists = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let objects = format!("{}1{}", "{a:".repeat(1_500), "}".repeat(1_500));
    for text in [
        format!("{{s(s:{lists})}}"),
        format!("{{s(s:{objects})}}"),
        format!("query($v:S={lists}){{s(s:$v)}}"),
        format!("query($v:S={objects}){{s(s:$v)}}"),
        format!("{{s@d(s:{lists})}}"),
        format!("query@d(s:{objects}){{s}}"),
        format!("query($v:{}S{}){{s}}", "[".repeat(2_000), "]".repeat(2_000)),
        format!("{{{}a{}}}", "a{".repeat(3_000), "}".repeat(3_000)),
        format!("{{{}a{}}}", "...{".repeat(1_500), "}".repeat(1_500)),
    ] {
        assert!(refused(&text).is_some(), "{:.80}", text);
    }
}

#[test]
fn accepted_documents_fit_on_a_workers_stack() {
    let deepest = |open: &str, inside: &str, close: &str, levels| {
        format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
    };
    for text in [
        format!("{{s(s:{})}}", deepest("[", "1", "]", 62)),
        format!("{{s(s:{})}}", deepest("{a:", "1", "}", 62)),
        format!("query($v:{}={}){{s}}", deepest("[", "S", "]", 63), deepest("[", "1", "]", 63)),
        deepest("{a", "{a}", "}", 63),
        deepest("{...", "{a}", "}", 63),
    ] {
        assert_eq!(refused(&text), None, "{text}");
        assert!(parse_query(&text).is_ok(), "{text}");
    }
}

/// Counts by the specification's grammar, one token at a time; a character that matches nothing is skipped.
fn reference(mut text: &str) -> (usize, usize) {
    let (mut tokens, mut open, mut nesting) = (0, 0_usize, 0);
    while let Some(first) = text.chars().next() {
        if first == '#' {
            text = text.trim_start_matches(|c| c != '\n' && c != '\r');
            continue;
        }
        let length = name(text).or_else(|| number(text)).or_else(|| string(text)).or_else(|| punctuator(text));
        tokens += usize::from(length.is_some());
        match first {
            '[' | '{' | '(' => open += 1,
            ']' | '}' | ')' => open = open.saturating_sub(1),
            _ => {}
        }
        nesting = nesting.max(open);
        text = &text[length.unwrap_or(first.len_utf8())..];
    }
    (tokens, nesting)
}

fn name(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(|c: char| c.is_ascii_alphabetic() || c == '_')?;
    Some(text.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len())
}

fn number(text: &str) -> Option<usize> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut rest = digits(unsigned)?;
    if let Some(zero) = unsigned.strip_prefix('0') {
        rest = zero;
    }
    rest = rest.strip_prefix('.').and_then(digits).unwrap_or(rest);
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)).unwrap_or(rest);
    }
    Some(text.len() - rest.len())
}

fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn string(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('"')?;
    if let Some(block) = text.strip_prefix("\"\"\"") {
        // The same length, without the quotes that do not terminate it.
        let end = block.replace("\\\"\"\"", "____").find("\"\"\"");
        return Some(end.map_or(2, |end| 3 + end + 3));
    }
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            '\n' | '\r' => return Some(1 + at),
            '"' if !escaped => return Some(1 + at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Some(text.len())
}

fn punctuator(text: &str) -> Option<usize> {
    if text.starts_with("...") {
        return Some(3);
    }
    text.starts_with(['!', '$', '&', '(', ')', ':', '=', '@', '[', ']', '{', '|', '}']).then_some(1)
}

/// Pieces that lexers treat differently.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\"", "\"\"", "\"\"\"", "\\", "\\\"", "\\\"\"\"", "#", "\n", "\r", "\r\n", "\u{feff}", " ", ",", "[", "{", "(",
        "]", "}", ")", "a", "true", "on", "...", "..", ".", "-", "0", "01", "1.5", "e", "E+", "é", "\u{2028}", "@",
        "$", ":", "%",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// The argument of `{a(b:…)}`.
fn parsed_nesting(document: &ExecutableDocument) -> usize {
    fn value(of: &Argument) -> usize {
        match of {
            Argument::List(items) => 1 + items.iter().map(value).max().unwrap_or(0),
            Argument::Object(fields) => 1 + fields.values().map(value).max().unwrap_or(0),
            Argument::Variable(_) | Argument::Null | Argument::Number(_) | Argument::String(_) => 0,
            Argument::Boolean(_) | Argument::Binary(_) | Argument::Enum(_) => 0,
        }
    }
    let (_, operation) = document.operations.iter().next().expect("it has an operation");
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("it has a field") };
    2 + value(&field.node.get_argument("b").expect("it has an argument").node)
}

/// Items of a list, so that the parser reaches the text behind them.
fn items() -> impl Strategy<Value = String> {
    let item = prop::sample::select(vec![
        "\"a\"",
        "\"\"",
        "\"\\\"\"",
        "\"\\\\\"",
        "\"\"\"",
        "\"\"\"a\"\"\"",
        "\"\"\"\\\"\"\"\"\"\"",
        "\"\"\"\n\"\"\"",
        "#\"\n",
        "#\"\r",
        "#\"\"\"\r\n",
        "#[\n",
        "\u{feff}",
        ",",
        " 1 ",
        " -0.5e1 ",
        " true ",
        " a ",
        "$v ",
    ]);
    prop::collection::vec(item, 0..8).prop_map(|items| items.concat())
}

proptest! {
    #[test]
    fn the_measure_is_that_of_the_reference(text in tricky()) {
        prop_assert_eq!(size(&text), reference(&text), "{}", text);
    }

    #[test]
    fn the_parser_never_sees_more_brackets(
        before in items(),
        inside in items(),
        after in items(),
        (open, close) in prop::sample::select(vec![("[", "]"), ("{a:[", "]}"), ("[{a:", "}]")]),
    ) {
        let text = format!("{{a(b:[{before}{}1{inside}{}{after}])}}", open.repeat(40), close.repeat(40));
        if let Ok(document) = parse_query(&text) {
            prop_assert!(parsed_nesting(&document) <= size(&text).1, "{}", text);
        }
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>()) {
        let _ = size(&text);
    }
}
