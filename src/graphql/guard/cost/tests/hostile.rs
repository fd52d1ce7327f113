//! Hostile documents: each of these stopped or crashed a server without the guard.

use std::fmt::Write;
use std::time::{Duration, Instant};

use async_graphql::Value;
use async_graphql::parser::parse_query;

use super::{check, checked, given, refused};
use crate::graphql::guard::{QueryLimit, QueryRefusal, lexical};

/// A chain of fragments, each with this many spreads of the next; the last has a field.
fn fan_out(levels: usize, spreads: usize, wrap: (&str, &str)) -> String {
    let mut text = String::from("{ me { ...F0 } }");
    for level in 0..levels {
        let next = format!("{}...F{} {}", wrap.0, level + 1, wrap.1).repeat(spreads);
        write!(text, " fragment F{level} on User {{ {next} }}").expect("a String takes everything");
    }
    text + &format!(" fragment F{levels} on User {{ id }}")
}

#[test]
fn fragments_that_fan_out_are_refused_at_once() {
    let started = Instant::now();
    for wrap in [("", ""), ("... { ", "} "), ("... on FeedEvent { ", "} ")] {
        for (levels, spreads) in [(22, 2), (8, 10), (100, 2), (14, 12)] {
            let text = fan_out(levels, spreads, wrap);
            assert_eq!(refused(&text), Some(QueryLimit::Selections), "{levels} levels of {spreads}");
        }
    }
    // The same without any field, as the last fragment is undefined.
    let nothing = fan_out(22, 2, ("", "")).replace("fragment F22 on User { id }", "");
    assert_eq!(refused(&nothing), Some(QueryLimit::Selections));
    // And in an operation that does not run, as validation walks it too.
    let unused = fan_out(22, 2, ("", "")).replacen('{', "query B {", 1) + " query A { me { id } }";
    let document = parse_query(unused).expect("it is a document");
    let found = check(&document, Some("A"), &given(&[]));
    assert!(matches!(found, Err(QueryRefusal::TooMuch { limit: QueryLimit::Selections, .. })), "{found:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn long_chains_of_fragments_are_refused_where_they_run() {
    let text = fan_out(1_000, 1, ("", ""));
    assert_eq!(refused(&text), Some(QueryLimit::Levels));
    let unused = text.replace("{ me { ...F0 } }", "{ me { id } }");
    assert_eq!(checked(&unused, &[]).map(|measure| measure.levels), Ok(1));
}

#[test]
fn fragments_in_a_cycle_are_refused() {
    for text in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { me { ...A } }",
        "{ ...A } fragment A on Query { ...B ...C } fragment B on Query { a } fragment C on Query { ... { ...A } }",
        "{ a } fragment A on Query { ...B } fragment B on Query { a { ...A } }",
    ] {
        assert!(matches!(checked(text, &[]), Err(QueryRefusal::Circular { .. })), "{text}");
    }
    let diamond =
        "{ ...A ...B } fragment A on Query { ...C } fragment B on Query { ...C ...A } fragment C on Query { a }";
    assert_eq!(checked(diamond, &[]).map(|measure| measure.selections), Ok(9));
}

#[test]
fn many_aliases_directives_and_fields_are_refused() {
    let aliases = |times| (0..times).map(|n| format!("a{n}: id ")).collect::<String>();
    assert_eq!(refused(&format!("{{ me {{ {} }} }}", aliases(2_000))), Some(QueryLimit::Aliases));
    assert_eq!(refused(&format!("{{ me {{ {} }} }}", aliases(101))), Some(QueryLimit::Aliases));
    assert_eq!(refused(&format!("{{ me {} {{ id }} }}", "@a ".repeat(5_000))), Some(QueryLimit::Directives));
    assert_eq!(refused(&format!("{{ {} }}", "__typename ".repeat(500))), Some(QueryLimit::RootFields));
    for text in [
        format!("{{ me {{ {} }} }}", aliases(2_000)),
        format!("{{ me {} {{ id }} }}", "@a ".repeat(5_000)),
        format!("{{ {} a {} }}", "a { ".repeat(3_000), "} ".repeat(3_000)),
    ] {
        assert!(lexical::check(&text).is_err(), "{:.80}", text);
    }
    let spread =
        "{ me { ...A ...A ...A ...A } } fragment A on User { a: id b: id c: id d: id e: id f: id g: id h: id }";
    assert_eq!(refused(spread), Some(QueryLimit::Aliases));
}

/// 3.7 kB cause 2.9 million validation errors in an answer of 600 MB: the rule that fields of one name must be
/// identical is repeated in each inline fragment and for each argument.
#[test]
fn fields_that_conflict_in_many_ways_are_refused() {
    let arguments: String = (0..100).map(|n| format!("x{n}: 1 ")).collect();
    let conflicts = format!("id({arguments}) {}", "id ".repeat(1_000));
    let nested = format!("{{ me {{ {} {conflicts} {} }} }}", "... { ".repeat(28), "} ".repeat(28));
    let spread = format!("{{ me {{ {} }} }} fragment F on User {{ {conflicts} }}", "a { ...F } ".repeat(4));
    let unused =
        format!("{{ me {{ id }} }} fragment F on User {{ {} {conflicts} {} }}", "... {".repeat(9), "}".repeat(9));
    for text in [nested, spread, unused, format!("{{ me {{ {conflicts} }} }}")] {
        assert_eq!(refused(&text), Some(QueryLimit::Comparisons));
    }
    let plain = format!("{{ me {{ {} }} }}", "url(maxWidth: 100) ".repeat(330));
    assert_eq!(refused(&plain), None);
}

/// There is an error for each of 400 variables in each of 150 operations.
#[test]
fn undefined_variables_in_many_operations_are_refused() {
    let variables: String = (0..400).map(|n| format!("$v{n} ")).collect();
    let operations: String = (0..150).map(|n| format!("query A{n} {{ ...F }} ")).collect();
    let text = format!("{operations} fragment F on Query {{ users(ids: [{variables}]) {{ id }} }}");
    assert_eq!(refused(&text), Some(QueryLimit::Comparisons));
}

/// 2.7 kB and a list of 260 kB take 8 GB of memory: validation copies a variable to each of its uses.
#[test]
fn large_variables_are_used_once() {
    let large: Value = vec![1; 100_000].into();
    let text = "query($v: [Int]) { presence(ids: $v) { id } }";
    assert_eq!(checked(text, &[("v", large.clone())]).map(|measure| measure.objects), Ok(1));
    for text in [
        format!("query($v: [Int]) {{ users(ids: [{}]) {{ id }} }}", "$v ".repeat(900)),
        "{ users(ids: { a: [$v $v], b: { c: $v } }) { id } }".to_owned(),
        "query @d(a: $v) { a @d(a: $v) ...F } fragment F on Query { b(a: $v) { id } }".to_owned(),
    ] {
        let found = checked(&text, &[("v", large.clone())]);
        assert!(matches!(found, Err(QueryRefusal::TooMuch { limit: QueryLimit::Input, .. })), "{found:?}");
    }
    let text = "mutation { a(text: $v) { id } b(text: $v) { id } }";
    let found = checked(text, &[("v", "a".repeat(200_000).into())]);
    assert!(matches!(found, Err(QueryRefusal::TooMuch { limit: QueryLimit::Input, .. })), "{found:?}");
}
