//! Shared execution: equal subscriptions of several people, each of whom gets only what they may see.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp};

/// Both subscribe to the same from now on, under ids of their own.
async fn both(ada: &Person, bob: &Person, query: &str, variables: Value) -> (Socket, Socket) {
    let now = ada.feed_cursor().await;
    let mut variables = variables;
    variables["after"] = json!(now);
    (ada.subscribe(query, variables.clone()).await, bob.subscribe(query, variables).await)
}

async fn received(socket: &mut Socket) -> Value {
    socket.next_data("1").await["messageAdded"].take()
}

#[tokio::test]
async fn each_viewer_gets_their_own_email() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let query = "subscription($after: String) { messageAdded(after: $after) { sender { email fullName } } }";
    let (mut at_ada, mut at_bob) = both(&ada, &bob, query, json!({})).await;

    for _ in 0..2 {
        ada.send(&bob, "hello").await;

        assert_eq!(received(&mut at_ada).await, json!({ "sender": { "email": ada.email, "fullName": "Ada" } }));
        assert_eq!(received(&mut at_bob).await, json!({ "sender": { "email": null, "fullName": "Ada" } }));
    }
}

#[tokio::test]
async fn each_viewer_gets_their_own_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let query = "subscription($after: String) { messageAdded(after: $after) { conversation { unreadCount lastReadSeq
        otherUser { fullName } members { nodes { lastReadSeq user { fullName email } } } } } }";
    let (mut at_ada, mut at_bob) = both(&ada, &bob, query, json!({})).await;

    ada.send(&bob, "hello").await;

    let members = |ada_email: Value, bob_email: Value| {
        json!({ "nodes": [
            { "lastReadSeq": 2, "user": { "fullName": "Ada", "email": ada_email } },
            { "lastReadSeq": 0, "user": { "fullName": "Bob", "email": bob_email } },
        ] })
    };
    let to_ada = json!({ "unreadCount": 0, "lastReadSeq": 2, "otherUser": { "fullName": "Bob" },
        "members": members(json!(ada.email), Value::Null) });
    let to_bob = json!({ "unreadCount": 2, "lastReadSeq": 0, "otherUser": { "fullName": "Ada" },
        "members": members(Value::Null, json!(bob.email)) });
    assert_eq!(received(&mut at_ada).await["conversation"], to_ada);
    assert_eq!(received(&mut at_bob).await["conversation"], to_bob);
}

#[tokio::test]
async fn aliases_fragments_and_variables_stay_viewer_dependent() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for selection in [
        "m: messageAdded(after: $after) { s: sender { e: email } }",
        "m: messageAdded(after: $after) { ...M } } fragment M on Message { s: sender { ...U } } fragment U on User { e: email",
        "m: messageAdded(after: $after) { ... on Message { s: sender { ... { e: email } } } }",
        "m: messageAdded(after: $after) { s: sender { id @skip(if: $yes) e: email @include(if: $yes) } }",
    ] {
        let (parameters, variables) = match selection.contains("$yes") {
            true => ("$after: String, $yes: Boolean!", json!({ "yes": true })),
            false => ("$after: String", json!({})),
        };
        let query = format!("subscription({parameters}) {{ {selection} }}");
        let (mut at_ada, mut at_bob) = both(&ada, &bob, &query, variables).await;

        ada.send(&bob, "hello").await;

        assert_eq!(at_ada.next_data("1").await, json!({ "m": { "s": { "e": ada.email } } }), "{selection}");
        assert_eq!(at_bob.next_data("1").await, json!({ "m": { "s": { "e": null } } }), "{selection}");
    }
}

#[tokio::test]
async fn a_shape_that_asks_for_the_viewer_later_is_executed_per_viewer() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let query = "subscription($after: String) { messageAdded(after: $after) { text replyTo { sender { email } } } }";
    let (mut at_ada, mut at_bob) = both(&ada, &bob, query, json!({})).await;

    let first = ada.send(&bob, "one").await;
    let reply = json!({ "to": { "userId": ada.id }, "text": "two", "replyToId": first["id"] });
    bob.send_input(reply).await;
    ada.send(&bob, "three").await;

    let plain = |text: &str| json!({ "text": text, "replyTo": null });
    for (socket, email) in [(&mut at_ada, json!(ada.email)), (&mut at_bob, Value::Null)] {
        assert_eq!(received(socket).await, plain("one"));
        assert_eq!(received(socket).await, json!({ "text": "two", "replyTo": { "sender": { "email": email } } }));
        assert_eq!(received(socket).await, plain("three"));
    }
}

#[tokio::test]
async fn variables_are_part_of_the_key_of_a_shared_frame() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let query = "subscription($after: String, $full: Boolean!) {
        messageAdded(after: $after) { text sender @include(if: $full) { fullName } } }";
    let after = ada.feed_cursor().await;
    let mut full = ada.subscribe(query, json!({ "after": after, "full": true })).await;
    let mut short = bob.subscribe(query, json!({ "after": after, "full": false })).await;

    ada.send(&bob, "hello").await;

    assert_eq!(received(&mut full).await, json!({ "text": "hello", "sender": { "fullName": "Ada" } }));
    assert_eq!(received(&mut short).await, json!({ "text": "hello" }));
}

#[tokio::test]
async fn aliases_arguments_and_names_are_not_mixed_up() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "two").await;
    let after = ada.feed_cursor().await;
    let mut socket = ada.socket().await;
    let selections = [
        ("text", json!({ "text": "hello" })),
        ("body: text", json!({ "body": "hello" })),
        ("body: id text: version", json!({ "body": Value::Null, "text": 1 })),
        (
            "conversation { messages(last: 1) { nodes { seq } } }",
            json!({ "conversation": { "messages": { "nodes": [{ "seq": 3 }] } } }),
        ),
        (
            "conversation { messages(first: 1) { nodes { seq } } }",
            json!({ "conversation": { "messages": { "nodes": [{ "seq": 1 }] } } }),
        ),
    ];
    for (number, (selection, _)) in selections.iter().enumerate() {
        let query = format!("subscription($after: String) {{ messageAdded(after: $after) {{ {selection} }} }}");
        socket.subscribe(&number.to_string(), &query, json!({ "after": after })).await;
    }

    let sent = ada.send(&bob, "hello").await;

    for _ in 0..selections.len() {
        let mut message = socket.next().await;
        let number: usize = message["id"].as_str().expect("an id").parse().expect("a number");
        let mut expected = selections[number].1.clone();
        if expected.get("body") == Some(&Value::Null) {
            expected["body"] = sent["id"].clone();
        }
        assert_eq!(message["payload"]["data"]["messageAdded"].take(), expected);
    }
}

#[tokio::test]
async fn a_shared_frame_has_the_same_bytes_under_each_operation_id() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = ada.feed_cursor().await;
    let query = "subscription($after: String) { messageAdded(after: $after) { id text sender { fullName } } }";
    let (mut at_ada, mut at_bob) = (ada.socket().await, bob.socket().await);
    at_ada.subscribe("x", query, json!({ "after": after })).await;
    at_bob.subscribe("\"y\"", query, json!({ "after": after })).await;

    let sent = ada.send(&bob, "\"quoted\" 🦜").await;

    let payload = |head: &str, text: String| {
        let payload = text.strip_prefix(head).unwrap_or_else(|| panic!("{text}"));
        payload.strip_suffix('}').expect("the end of a message").to_owned()
    };
    let to_ada = payload(r#"{"id":"x","type":"next","payload":"#, at_ada.next_text().await);
    let to_bob = payload(r#"{"id":"\"y\"","type":"next","payload":"#, at_bob.next_text().await);
    assert_eq!(to_ada, to_bob);
    let expected = json!({ "id": sent["id"], "text": "\"quoted\" 🦜", "sender": { "fullName": "Ada" } });
    let payload: Value = serde_json::from_str(&to_ada).expect("JSON");
    assert_eq!(payload, json!({ "data": { "messageAdded": expected } }));
}
