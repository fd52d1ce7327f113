//! What clients of other languages and frameworks write differently, and mean the same by.

use serde_json::{Value, json};

use crate::support::{Person, SEND, TestApp};

#[tokio::test]
async fn ids_in_upper_case_are_taken_everywhere_and_written_in_lower_case() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let id = parlour::id::MessageId::new().to_string();
    let upper = |id: &Value| id.as_str().expect("an id").to_uppercase();
    let send = |id: &str| json!({ "input": { "id": id, "to": { "userId": bob.id.to_uppercase() }, "text": "hello" } });

    let sent = ada.ask(SEND, send(&id.to_uppercase())).await["sendMessage"].take();
    assert_eq!(sent["id"], json!(id));
    let again = ada.ask(SEND, send(&id)).await["sendMessage"].take();
    assert_eq!((&again["id"], &again["seq"]), (&sent["id"], &sent["seq"]));

    let conversation = upper(&sent["conversationId"]);
    let query = "query($user: ID!, $message: ID!, $conversation: ID!) {
        user(id: $user) { id } message(id: $message) { id }
        conversation(by: { conversationId: $conversation }) { id otherUser { id } } }";
    let variables =
        json!({ "user": bob.id.to_uppercase(), "message": upper(&sent["id"]), "conversation": conversation });
    let expected = json!({
        "user": { "id": bob.id },
        "message": { "id": sent["id"] },
        "conversation": { "id": sent["conversationId"], "otherUser": { "id": bob.id } },
    });
    assert_eq!(ada.ask(query, variables).await, expected);

    let subscription = "subscription($id: ID!) { messageAdded(conversation: { conversationId: $id }) { text } }";
    let mut socket = bob.subscribe(subscription, json!({ "id": conversation })).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    ada.send(&bob, "and again").await;
    assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "and again");
}

/// Posts these parameters as a person.
async fn post(app: &TestApp, person: &Person, parameters: Value) -> Value {
    let request = app.http().post(app.url("/graphql")).bearer_auth(&person.token).json(&parameters);
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn empty_parameters_count_as_absent() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let is_ada = json!({ "data": { "me": { "id": ada.id } } });

    let empty = json!({ "query": "{ me { id } }", "operationName": "", "variables": [], "extensions": [] });
    assert_eq!(post(&app, &ada, empty.clone()).await, is_ada);

    let mut socket = ada.socket().await;
    socket.say(json!({ "id": "1", "type": "subscribe", "payload": empty })).await;
    assert_eq!(socket.next().await["payload"], is_ada);
}

#[tokio::test]
async fn a_malformed_operation_of_a_socket_fails_alone() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut socket = bob.follow().await;

    for payload in [
        "null".to_owned(),
        "7".to_owned(),
        "{}".to_owned(),
        r#"{"query":7}"#.to_owned(),
        r#"{"query":"{ me { id } }","variables":[1]}"#.to_owned(),
        r#"{"query":"{ me { id } }","operationName":1}"#.to_owned(),
        r#"{"query":"{ me { id } } # \ud83d"}"#.to_owned(),
        format!(r#"{{"query":"{{ me {{ id }} }}","variables":{{"v":{}1{}}}}}"#, "[".repeat(500), "]".repeat(500)),
    ] {
        socket.say_text(&format!(r#"{{"id":"bad","type":"subscribe","payload":{payload}}}"#)).await;
        let answer = socket.next().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("bad")), "{payload}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], "BAD_USER_INPUT", "{payload}");
    }
    socket.say_text(r#"{"id":"bad","type":"subscribe"}"#).await;
    assert_eq!(socket.next().await["type"], "error");

    ada.send(&bob, "hello").await;
    let event = loop {
        let event = socket.next_event().await;
        if event["__typename"] == "MessageAdded" {
            break event;
        }
    };
    assert_eq!(event["message"]["text"], "hello");
}

#[tokio::test]
async fn escapes_beyond_the_basic_plane_are_read_in_strings() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    for (escaped, text) in [
        (r"\uD83D\uDE00", "😀"),
        (r"\u{1F600}", "😀"),
        (r"\u{1F600} \uD83D\uDE00 \u00e9\u{E9}", "😀 😀 éé"),
        (r"a\u{22}b\u{5c}c", "a\"b\\c"),
        (r"\\u{41}", "\\u{41}"),
    ] {
        let query = format!(
            "mutation {{ sendMessage(input: {{ to: {{ userId: \"{}\" }}, text: \"{escaped}\" }}) {{ text }} }}",
            bob.id
        );
        assert_eq!(ada.ask(&query, json!({})).await["sendMessage"]["text"], text, "{escaped}");
        let mut socket = ada.subscribe(&query, json!({})).await;
        assert_eq!(socket.next_data("1").await["sendMessage"]["text"], text, "{escaped}");
    }
    for half in [r"\uD83D", r"\uDE00\uD83D", r"\u{D83D}", r"\u{110000}"] {
        let query = format!("{{ users(search: \"{half}\") {{ totalCount }} }}");
        assert_eq!(ada.fails(&query, json!({})).await, "GRAPHQL_PARSE_FAILED", "{half}");
    }
    // Where the error is, it is by the text that was sent.
    let wrong = r#"{ users(search: "\uD83D\uDE00") { nothing } }"#;
    let answer = ada.execute(wrong, json!({})).await;
    let column = wrong.find("nothing").expect("the field") + 1;
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 1, "column": column }]), "{answer}");
}

#[tokio::test]
async fn a_nullable_variable_takes_the_default_of_an_argument() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut typing = bob.subscribe("subscription { typingChanged { typing } }", json!({})).await;
    // Answered when the subscription has begun.
    typing.say(json!({ "type": "ping" })).await;
    assert_eq!(typing.next().await["type"], "pong");
    let in_fragment = "mutation($typing: Boolean, $id: ID!) { ...F }
        fragment F on Mutation { setTyping(conversation: { userId: $id }, typing: $typing) }";
    let plain = "mutation($typing: Boolean, $id: ID!) { setTyping(conversation: { userId: $id }, typing: $typing) }";

    for query in [plain, in_fragment] {
        for (variables, expected) in [
            (json!({ "id": bob.id }), true),
            (json!({ "id": bob.id, "typing": false }), false),
            (json!({ "id": bob.id, "typing": true }), true),
            (json!({ "id": bob.id, "typing": false }), false),
        ] {
            ada.ask(query, variables).await;
            assert_eq!(typing.next_data("1").await["typingChanged"]["typing"], expected, "{query}");
        }
        let null = json!({ "id": bob.id, "typing": null });
        assert!(ada.execute(query, null).await.get("errors").is_some(), "null is no boolean");
    }
}

#[tokio::test]
async fn an_error_of_a_one_of_names_the_argument_and_says_that_null_counts() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let message = |at: &str| {
        format!(
            "\"{at}\" takes exactly one of its fields, and one that is null counts as well: leave out those that you do \
             not use"
        )
    };
    let conversation = "query($by: ConversationRef!) { conversation(by: $by) { id } }";
    let parts = "query($user: ID, $id: ID) { conversation(by: { userId: $user, conversationId: $id }) { id } }";

    for (query, variables, at) in [
        (conversation, json!({ "by": {} }), "by"),
        (conversation, json!({ "by": { "userId": null } }), "by"),
        (conversation, json!({ "by": { "userId": ada.id, "conversationId": null } }), "by"),
        (parts, json!({ "user": ada.id, "id": null }), "by"),
        (SEND, json!({ "input": { "to": { "userId": ada.id, "conversationId": null }, "text": "x" } }), "input.to"),
    ] {
        let answer = ada.execute(query, variables.clone()).await;
        assert_eq!(answer["errors"][0]["message"], message(at), "{variables}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], at, "{variables}: {answer}");
    }
    let answer = ada.execute(parts, json!({})).await;
    assert_eq!(answer["errors"][0]["message"], message("ConversationRef"), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["field"], "by", "{answer}");
    // A variable that is left out is no field.
    assert_eq!(ada.ask(parts, json!({ "user": ada.id })).await, json!({ "conversation": null }));
}
