//! Documents that have stopped or crashed other servers: each gets its code, and the next query its answer.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{Person, TestApp, code, soon};

const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const NO_DOCUMENT: &str = "GRAPHQL_PARSE_FAILED";

fn nested(open: &str, times: usize, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

/// Fragments of which each spreads the next so many times; the last has a field.
fn fan_out(levels: usize, spreads: usize, wrap: (&str, &str)) -> String {
    let mut text = String::from("{ me { ...F0 } }");
    for level in 0..levels {
        let next = format!("{}...F{}{} ", wrap.0, level + 1, wrap.1).repeat(spreads);
        write!(text, " fragment F{level} on User {{ {next} }}").expect("a String takes everything");
    }
    text + &format!(" fragment F{levels} on User {{ id }}")
}

fn aliases(times: usize) -> String {
    (0..times).map(|n| format!("a{n}:id ")).collect()
}

/// What strangers send, and the code that each gets.
fn hostile() -> Vec<(&'static str, String, &'static str)> {
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

async fn still_answers(person: &Person) {
    let me = soon(person.ask("{ me { id } }", json!({}))).await;
    assert_eq!(me, json!({ "me": { "id": person.id } }));
}

#[tokio::test]
async fn each_gets_its_code_over_http_and_the_next_query_its_answer() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for (name, document, expected) in hostile() {
        let answer = soon(app.execute(None, &document, json!({}))).await;
        assert_eq!(code(&answer), expected, "{name}: {answer}");
        assert_eq!(answer.get("data"), None, "{name}");
        assert!(answer.to_string().len() < 10_000, "{name}: {} bytes", answer.to_string().len());
        still_answers(&ada).await;
    }
}

#[tokio::test]
async fn each_gets_its_code_over_a_socket_and_the_next_query_its_answer() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.socket().await;

    for (name, document, expected) in hostile() {
        socket.subscribe(name, &document, json!({})).await;
        let answer = socket.next().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!(name)), "{answer}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], expected, "{name}: {answer}");
        socket.subscribe("next", "{ me { id } }", json!({})).await;
        assert_eq!(socket.next_data("next").await, json!({ "me": { "id": ada.id } }), "{name}");
        assert_eq!(socket.next().await["type"], "complete");
    }
}

#[tokio::test]
async fn each_gets_its_code_by_get_too() {
    let app = TestApp::start().await;

    for (name, document, expected) in hostile() {
        // A longer address is refused before it is read.
        if document.len() > 4_000 || document.is_empty() {
            continue;
        }
        let request = app.http().get(app.url("/graphql")).query(&[("query", &document)]);
        let answer: Value = soon(request.send()).await.expect("an answer").json().await.expect("JSON");
        assert_eq!(code(&answer), expected, "{name}: {answer}");
    }
}

#[tokio::test]
async fn brackets_in_strings_and_comments_are_not_counted() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let brackets = "[{(".repeat(30);
    let document = format!("{{ users(search: \"{brackets}\") {{ totalCount }} }} # {}", "[{(".repeat(1_000));

    assert_eq!(ada.ask(&document, json!({})).await, json!({ "users": { "totalCount": 0 } }));
    let block = format!("{{ users(search: \"\"\"{brackets}\"\"\") {{ totalCount }} }}");
    assert_eq!(ada.ask(&block, json!({})).await, json!({ "users": { "totalCount": 0 } }));
}

#[tokio::test]
async fn what_is_just_within_the_limits_is_answered() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for document in [
        format!("{{me{{{}}}}}", aliases(30)),
        format!("{{{}}}", nested("...@skip(if:false)@include(if:true){", 25, "__typename", "}")),
        format!("{{{}}}", "__typename ".repeat(20)),
        format!("{{me{{id}}}}{}", " ".repeat(15_000 - 8)),
        format!("{{{}}}", nested("...{", 30, "__typename", "}")),
    ] {
        let answer = ada.execute(&document, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{document:.80}: {answer}");
    }
}

#[tokio::test]
async fn a_syntax_error_says_what_was_expected_and_where_and_does_not_repeat_the_document() {
    let app = TestApp::start().await;

    let answer = app.execute(None, "{ me { id }\n  users(first: = 1) }", json!({})).await;

    let error = &answer["errors"][0];
    assert_eq!(error["locations"], json!([{ "line": 2, "column": 16 }]));
    assert_eq!(error["message"], "this is not GraphQL: expected value");
}

#[tokio::test]
async fn a_refusal_says_the_number_and_the_limit() {
    let app = TestApp::start().await;

    let answer = app.execute(None, &format!("{{me{{{}}}}}", aliases(31)), json!({})).await;

    let message = "the query has 31 aliases, fragments written out, at most 30 are allowed: split it";
    assert_eq!(answer["errors"][0]["message"], message);
}
