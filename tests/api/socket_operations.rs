//! Operations over a socket.

use insta::assert_json_snapshot;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{EVENTS, TestApp, redacted};

#[tokio::test]
async fn a_ping_is_answered_with_a_pong() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    socket.say(json!({ "type": "ping", "payload": { "any": "thing" } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));

    socket.say(json!({ "type": "pong" })).await;
    socket.stays_silent().await;
    socket.say_raw(Message::Ping(vec![1, 2, 3].into())).await;
    assert_eq!(socket.next_pong().await, [1, 2, 3]);
}

#[tokio::test]
async fn a_completed_operation_ends_silently() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = bob.follow().await;

    socket.complete("1").await;
    socket.complete("1").await;
    socket.complete("unknown").await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");

    ada.send(&bob, "are you there?").await;
    socket.stays_silent().await;
}

#[tokio::test]
async fn queries_and_mutations_work_over_a_socket() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = ada.socket().await;

    socket.subscribe("q", "query($id: ID!) { user(id: $id) { fullName } }", json!({ "id": bob.id })).await;
    assert_eq!(socket.next_data("q").await["user"]["fullName"], "Bob");
    assert_eq!(socket.next().await, json!({ "id": "q", "type": "complete" }));

    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { seq } }";
    socket.subscribe("m", query, json!({ "input": { "to": { "userId": bob.id }, "text": "hi" } })).await;
    assert_eq!(socket.next_data("m").await["sendMessage"]["seq"], 2);
    assert_eq!(socket.next().await, json!({ "id": "m", "type": "complete" }));
}

#[tokio::test]
async fn a_field_that_fails_is_a_result_with_a_code() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    socket.subscribe("1", "mutation { deleteMessage(id: \"x\") { id } }", json!({})).await;

    assert_json_snapshot!(redacted(&socket.next().await), @r#"
    {
      "id": "1",
      "payload": {
        "data": null,
        "errors": [
          {
            "extensions": {
              "code": "NOT_FOUND"
            },
            "locations": [
              {
                "column": 12,
                "line": 1
              }
            ],
            "message": "there is no such thing, or you may not see it",
            "path": [
              "deleteMessage"
            ]
          }
        ]
      },
      "type": "next"
    }
    "#);
    assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
}

#[tokio::test]
async fn a_document_that_cannot_be_executed_is_an_error_with_a_code() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;
    let deep = format!("{{ me {}", "{ x ".repeat(100));

    for (number, (query, code)) in [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events { cursor } onlineUsers { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: events { cursor } } subscription { b: events { cursor } }", "GRAPHQL_PARSE_FAILED"),
        ("query a { me { id } } query b { me { id } }", "GRAPHQL_VALIDATION_FAILED"),
        (deep.as_str(), "QUERY_TOO_COMPLEX"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = number.to_string();
        socket.subscribe(&id, query, json!({})).await;
        let message = socket.next().await;
        let said = (message["type"].as_str(), message["payload"][0]["extensions"]["code"].as_str());
        assert_eq!(said, (Some("error"), Some(code)), "{query}: {message}");
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_in_a_subscription_ends_it_with_an_error() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    let query = "subscription($after: String, $first: Int) { messageAdded(after: $after) {
        conversation { members(first: $first) { nodes { role } } } } }";
    let mut socket = bob.subscribe(query, json!({ "after": after, "first": 101 })).await;

    ada.send(&bob, "hello").await;

    assert_eq!(socket.next_error("1").await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_socket_has_a_hundred_operations_at_most() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = bob.socket().await;
    for number in 0..100 {
        socket.subscribe(&number.to_string(), EVENTS, json!({})).await;
    }
    for _ in 0..100 {
        assert_eq!(socket.next().await["payload"]["data"]["events"]["__typename"], "CaughtUp");
    }

    socket.subscribe("one more", EVENTS, json!({})).await;

    assert_json_snapshot!(redacted(&socket.next().await), @r#"
    {
      "id": "one more",
      "payload": [
        {
          "extensions": {
            "code": "RATE_LIMITED",
            "retryAfterMs": "[delay]"
          },
          "message": "this socket has 100 operations under way, complete one first"
        }
      ],
      "type": "error"
    }
    "#);
    socket.complete("7").await;
    socket.subscribe("one more", EVENTS, json!({})).await;
    assert_eq!(socket.next_data("one more").await["events"]["__typename"], "CaughtUp");
    ada.send(&bob, "hello").await;
    for _ in 0..100 {
        assert_eq!(socket.next().await["payload"]["data"]["events"]["message"]["text"], "hello");
    }
}
