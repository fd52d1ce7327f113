//! Documents that crashed or stalled other servers. The tests in `tests/process` send them too.

use std::fmt::Write;

const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const NO_DOCUMENT: &str = "GRAPHQL_PARSE_FAILED";

/// Hostile documents by name, and the code of each.
pub fn hostile() -> Vec<(&'static str, String, &'static str)> {
    let lists = |times| nested("[", times, "", "]");
    let objects = |times| nested("{a:", times, "1", "}");
    let circle = |times| nested("fields{type{", times, "name", "}}");
    vec![
        ("nested lists", format!("{{users(search:{}){{totalCount}}}}", lists(2_000)), TOO_COMPLEX),
        ("nested lists that are not closed", format!("{{users(search:{}", "[".repeat(2_000)), TOO_COMPLEX),
        ("lists in a default", format!("query($v:[String]={}){{me{{id}}}}", lists(2_000)), TOO_COMPLEX),
        ("lists in a type", format!("query($v:{}){{me{{id}}}}", nested("[", 2_000, "ID", "]")), TOO_COMPLEX),
        ("lists in a directive", format!("{{me@include(if:{}){{id}}}}", lists(2_000)), TOO_COMPLEX),
        ("lists at an operation", format!("query @a(a:{}){{me{{id}}}}", lists(2_000)), TOO_COMPLEX),
        ("lists that no operation uses", format!("{{me{{id}}}} query B{{a(a:{})}}", lists(2_000)), TOO_COMPLEX),
        ("nested objects", format!("{{users(search:{}){{totalCount}}}}", objects(1_500)), TOO_COMPLEX),
        ("objects in a default", format!("query($v:X={}){{me{{id}}}}", objects(1_500)), TOO_COMPLEX),
        ("nested selections", format!("{{{}}}", nested("a{", 3_000, "b", "}")), TOO_COMPLEX),
        ("nested inline fragments", format!("{{{}}}", nested("...{", 2_000, "b", "}")), TOO_COMPLEX),
        ("33 nested inline fragments", format!("{{{}}}", nested("...{", 33, "__typename", "}")), TOO_COMPLEX),
        (
            "33 in an operation that does not run",
            format!("query A{{me{{id}}}}query B{{{}}}", nested("...{", 33, "__typename", "}")),
            TOO_COMPLEX,
        ),
        (
            "51 directives in an operation that does not run",
            format!("query A{{me{{id}}}}query B{{me{}{{id}}}}", "@skip(if:false)".repeat(51)),
            TOO_COMPLEX,
        ),
        ("a chain of 230 fragments that nobody uses", fan_out(230, 1, ("", "")).replacen("...F0", "id", 1), INVALID),
        ("nested fields", format!("{{{}}}", nested("me{", 11, "id", "}")), TOO_COMPLEX),
        ("22 doubling fragments", fan_out(22, 2, ("", "")), TOO_COMPLEX),
        ("22 doubling inline fragments", fan_out(22, 2, ("...on User{", "}")), TOO_COMPLEX),
        ("8 levels of 10 spreads", fan_out(8, 10, ("", "")), TOO_COMPLEX),
        ("2,000 aliases", format!("{{me{{{}}}}}", aliases(2_000)), TOO_COMPLEX),
        ("101 aliases", format!("{{me{{{}}}}}", aliases(101)), TOO_COMPLEX),
        ("500 times the same", format!("{{{}}}", "__typename ".repeat(500)), TOO_COMPLEX),
        ("5,000 directives", format!("{{me{}{{id}}}}", "@a".repeat(5_000)), TOO_COMPLEX),
        ("51 directives", format!("{{me{}{{id}}}}", "@skip(if:false)".repeat(51)), TOO_COMPLEX),
        ("directives that nobody knows", format!("{{me{}{{id}}}}", "@a".repeat(10)), INVALID),
        ("circular introspection", format!("{{__schema{{types{{{}}}}}}}", circle(9)), TOO_COMPLEX),
        ("fragments in a circle", "{me{...A}} fragment A on User{...B} fragment B on User{...A}".into(), INVALID),
        ("a fragment in itself", "{me{...A}} fragment A on User{id ...A}".into(), INVALID),
        (
            "pages in pages",
            "{conversations(first:100){nodes{messages(first:100){nodes{sender{id}}}}}}".into(),
            TOO_COMPLEX,
        ),
        ("15 kB and one byte", format!("{{me{{id}}}}{}", " ".repeat(15_000 - 7)), TOO_COMPLEX),
        ("2,001 tokens", format!("{{{}}}", "a ".repeat(1_999)), TOO_COMPLEX),
        ("a default of an unknown type", "query($v:Nothing={a:1}){me{id}}".into(), INVALID),
        ("an empty text", String::new(), NO_DOCUMENT),
        ("a comment that does not end", "#".repeat(10_000), NO_DOCUMENT),
        ("a string that does not end", format!("{{a(a:\"{}", "[".repeat(10_000)), NO_DOCUMENT),
        ("a block string that does not end", format!("{{a(a:\"\"\"{}", "[".repeat(10_000)), NO_DOCUMENT),
        ("bytes of all kinds", "\u{0}\u{FEFF}\u{202E}{\u{7}}".into(), NO_DOCUMENT),
    ]
}

pub fn nested(open: &str, times: usize, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

/// Fragments, each of which spreads the next this many times; the last has a field.
fn fan_out(levels: usize, spreads: usize, wrap: (&str, &str)) -> String {
    let mut text = String::from("{ me { ...F0 } }");
    for level in 0..levels {
        let next = format!("{}...F{}{} ", wrap.0, level + 1, wrap.1).repeat(spreads);
        write!(text, " fragment F{level} on User {{ {next} }}").expect("a String takes everything");
    }
    text + &format!(" fragment F{levels} on User {{ id }}")
}

pub fn aliases(times: usize) -> String {
    (0..times).map(|n| format!("a{n}:id ")).collect()
}
