//! Documents that crashed or stalled other servers: each gets its code, and the next query is answered.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::hostile::{aliases, hostile, nested};
use crate::support::{Person, TestApp, code, redacted, soon};

async fn still_answers(person: &Person) {
    let me = soon(person.ask("{ me { id } }", json!({}))).await;
    assert_eq!(me, json!({ "me": { "id": person.id } }));
}

#[tokio::test]
async fn each_invalid_document_gets_its_code_over_http_and_the_next_query_works() {
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
async fn each_invalid_document_gets_its_code_over_a_socket_and_the_next_query_works() {
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
async fn each_invalid_document_gets_its_code_by_get() {
    let app = TestApp::start().await;

    for (name, document, expected) in hostile() {
        // A longer URL is rejected before it is read.
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
async fn a_document_just_within_the_limits_is_executed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for document in [
        format!("{{me{{{}}}}}", aliases(30)),
        format!("{{{}}}", nested("...@skip(if:false)@include(if:true){", 25, "__typename", "}")),
        format!("{{{}}}", "__typename ".repeat(20)),
        format!("{{me{{id}}}}{}", " ".repeat(15_000 - 8)),
        format!("{{{}}}", nested("...{", 32, "__typename", "}")),
    ] {
        let answer = ada.execute(&document, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{document:.80}: {answer}");
    }
}

#[tokio::test]
async fn a_syntax_error_has_a_place_and_does_not_repeat_the_document() {
    let app = TestApp::start().await;

    let answer = app.execute(None, "{ me { id }\n  users(first: = 1) }", json!({})).await;

    assert_json_snapshot!(redacted(&answer), @r#"
    {
      "errors": [
        {
          "extensions": {
            "code": "GRAPHQL_PARSE_FAILED"
          },
          "locations": [
            {
              "column": 16,
              "line": 2
            }
          ],
          "message": "syntax error: expected value"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_rejection_names_the_count_and_the_limit() {
    let app = TestApp::start().await;

    let answer = app.execute(None, &format!("{{me{{{}}}}}", aliases(31)), json!({})).await;

    assert_json_snapshot!(redacted(&answer), @r#"
    {
      "errors": [
        {
          "extensions": {
            "code": "QUERY_TOO_COMPLEX"
          },
          "message": "the query has 31 aliases after expansion of fragments, at most 30 are allowed: split it"
        }
      ]
    }
    "#);
}
