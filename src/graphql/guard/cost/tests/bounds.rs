//! Everything within the limits is accepted and everything beyond is rejected: documents close to each limit, with
//! strings and comments full of brackets.

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use proptest::prelude::*;

use super::naive::naive;
use super::{DocumentMeasure, check};
use crate::graphql::guard::{QueryLimit, QueryRefusal, lexical};
use crate::limits;

/// A document's value for each limit, and the maximum.
fn bounds(measure: &DocumentMeasure) -> [(QueryLimit, usize, usize); 9] {
    [
        (QueryLimit::Selections, measure.selections, limits::QUERY_SELECTIONS),
        (QueryLimit::Levels, measure.levels, limits::QUERY_LEVELS),
        (QueryLimit::Directives, measure.directives, limits::QUERY_DIRECTIVES),
        (QueryLimit::Depth, measure.depth, limits::QUERY_DEPTH),
        (QueryLimit::Aliases, measure.aliases, limits::QUERY_ALIASES),
        (QueryLimit::RootFields, measure.root_fields, limits::QUERY_ROOT_FIELDS),
        (QueryLimit::AuthMutations, measure.auth_mutations, 1),
        (QueryLimit::Objects, measure.objects, limits::QUERY_COMPLEXITY),
        (QueryLimit::Values, measure.values, 20 * limits::QUERY_COMPLEXITY),
    ]
}

/// Nested fields, inline fragments and spreads. The first of each three is the text before the nested part, the second
/// the text behind it, and the last the text behind the operation, for fragments.
fn nested() -> impl Strategy<Value = String> {
    let wrap = prop::sample::select(vec![
        ("me { ", "} ", ""),
        ("... { ", "} ", ""),
        ("... { ", "} ", ""),
        ("... on\tUser @a(x: \"\") { ", "} ", ""),
        ("...F# ", "", "fragment F# on\tUser { "),
        ("...F# ", "", "fragment F# on\tUser { "),
    ]);
    prop::collection::vec(wrap, 0..45).prop_map(|wraps| {
        let (mut text, mut open, mut closed) = (String::from("{ "), String::from("} "), Vec::new());
        for (number, (before, behind, fragment)) in wraps.into_iter().enumerate() {
            text += &before.replace('#', &number.to_string());
            open = format!("{behind}{open}");
            if !fragment.is_empty() {
                // The open brackets are closed, and the nesting continues in a fragment.
                closed.push(format!("{text}{open}"));
                text = fragment.replace('#', &number.to_string());
                open = String::from("} ");
            }
        }
        closed.push(format!("{text}id {open}"));
        closed.concat()
    })
}

/// A document close to one limit.
fn sized() -> impl Strategy<Value = String> {
    let aliases = (25..36_usize).prop_map(|n| format!("{{ me {{ {} }} }}", "a: id ".repeat(n)));
    let directives = (22..29_usize).prop_map(|n| format!("{{ me {} {{ {} }} }}", "@a ".repeat(n), "id @b ".repeat(n)));
    let other = (0..60_usize).prop_map(|n| format!("query A {{ me {} {{ id }} }}", "@a(x: \"\") ".repeat(n)));
    let roots = (15..25_usize).prop_map(|n| format!("{{ {} }}", "me(x: \"\") { id } ".repeat(n)));
    let logins = (0..3_usize).prop_map(|n| format!("mutation {{ {} logout }}", "login(x: \"\") { token } ".repeat(n)));
    let spreads = (90..110_usize, 40..55_usize).prop_map(|(fields, spreads)| {
        format!("{{ me {{ {} }} }} fragment F on\tUser {{ {} }}", "...F ".repeat(spreads), "id ".repeat(fields))
    });
    let pages = (90..110_u32, 90..110_u32, 1..25_usize).prop_map(|(some, others, ids)| {
        let inner = format!("messages(first: {others}) {{ nodes {{ {} }} }}", "id ".repeat(ids));
        format!("{{ conversations(first: {some}) {{ nodes {{ {inner} }} }} }}")
    });
    prop_oneof![3 => nested(), 1 => aliases, 1 => directives, 1 => other, 1 => roots, 1 => logins, 1 => spreads, 1 => pages]
}

/// Replaces spaces by other ignored tokens. (The parser accepts no comment behind `on`, so tabs are used there.)
fn between() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![" ", ",", "\n", "\u{feff}", "#[{(\n", "#)]}\r", "#\"[[[[\n", "#\"\"\"{{{{\r\n", "##\\\n"])
}

/// A placeholder for an empty string.
fn string() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "\"\"",
        "\"[[[[{{{{((((\"",
        "\"))))}}}}]]]]\"",
        "\"\\\"[[[[\\\\\"",
        "\"# [[[[\"",
        "\"\"\"[[[[\n{{{{\"\"\"",
        "\"\"\"\\\"\"\" # \"[[[[ \"\"\"",
        "\"\"\"\"\"\"",
    ])
}

/// A document that is equivalent by the grammar.
fn noisy(plain: &str, between: &[&str], strings: &[&str]) -> String {
    let pieces = plain.split("\"\"").map(|piece| {
        let between = between.iter().cycle();
        piece.split(' ').zip(between).map(|(piece, between)| format!("{piece}{between}")).collect::<String>()
    });
    // There is none behind the last piece.
    let strings = strings.iter().copied().cycle().take(plain.matches("\"\"").count()).chain([""]);
    pieces.zip(strings).map(|(piece, string)| format!("{piece}{string}")).collect()
}

proptest! {
    #[test]
    fn a_document_passes_exactly_if_it_is_within_the_limits(text in sized()) {
        let document = parse_query(&text).expect(&text);
        let expected = naive(&document);
        let bounds = bounds(&expected);
        match check(&document, None, &Variables::default()) {
            Ok(measure) => {
                prop_assert_eq!(measure, expected, "{}", text);
                prop_assert!(bounds.iter().all(|(_, found, allowed)| found <= allowed), "{:?}: {}", measure, text);
            }
            Err(QueryRefusal::TooMuch { limit, found, allowed }) => {
                prop_assert!(bounds.contains(&(limit, found, allowed)), "{:?} {}: {}", limit, found, text);
                prop_assert!(found > allowed, "{:?} {}: {}", limit, found, text);
            }
            Err(QueryRefusal::Circular { fragment }) => prop_assert!(false, "{} contains itself: {}", fragment, text),
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_change_nothing(
        plain in sized(),
        between in prop::collection::vec(between(), 1..9),
        strings in prop::collection::vec(string(), 1..5),
    ) {
        let noisy = noisy(&plain, &between, &strings);
        if noisy.len() <= limits::QUERY_BYTES {
            prop_assert_eq!(lexical::check(&noisy), lexical::check(&plain), "{}", noisy);
        }
        let check = |text: &str| check(&parse_query(text).expect(text), None, &Variables::default());
        prop_assert_eq!(check(&noisy), check(&plain), "{}", noisy);
    }
}
