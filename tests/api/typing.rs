//! Typing signals.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, code, redacted};

const SET: &str = "mutation($in: ConversationRef!, $typing: Boolean! = true) {
    setTyping(conversation: $in, typing: $typing) }";
const CHANGED: &str = "subscription($in: ConversationRef) { typingChanged(conversation: $in) {
    conversationId user { id } typing } }";

/// Hears who types; it has begun when this returns.
async fn listen(person: &Person, place: Value) -> Socket {
    let mut socket = person.subscribe(CHANGED, json!({ "in": place })).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    socket
}

async fn types(person: &Person, place: Value) {
    assert_eq!(person.ask(SET, json!({ "in": place })).await, json!({ "setTyping": true }));
}

async fn stops(person: &Person, place: Value) {
    assert_eq!(person.ask(SET, json!({ "in": place, "typing": false })).await, json!({ "setTyping": true }));
}

fn sign(conversation: &str, person: &Person, typing: bool) -> Value {
    json!({ "typingChanged": { "conversationId": conversation, "user": { "id": person.id }, "typing": typing } })
}

fn by(person: &Person) -> Value {
    json!({ "userId": person.id })
}

fn id(conversation: &str) -> Value {
    json!({ "conversationId": conversation })
}

/// Three people in a group.
async fn group(app: &TestApp) -> (Person, Person, Person, String) {
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    (ada, bob, carl, group)
}

#[tokio::test]
async fn members_receive_when_somebody_types_and_stops() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let (mut at_bob, mut at_carl) = (listen(&bob, Value::Null).await, listen(&carl, id(&group)).await);
    let mut at_ada = listen(&ada, Value::Null).await;

    types(&ada, id(&group)).await;
    stops(&ada, id(&group)).await;
    stops(&ada, id(&group)).await;

    for socket in [&mut at_bob, &mut at_carl] {
        assert_eq!(socket.next_data("1").await, sign(&group, &ada, true));
        assert_eq!(socket.next_data("1").await, sign(&group, &ada, false));
        socket.stays_silent().await;
    }
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn typing_expires_after_five_seconds() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let conversation = ada.send(&bob, "hi").await["conversationId"].as_str().expect("an id").to_owned();
    let mut at_bob = listen(&bob, by(&ada)).await;
    types(&ada, by(&bob)).await;
    assert_eq!(at_bob.next_data("1").await, sign(&conversation, &ada, true));

    app.clock.advance(Duration::from_millis(4_000));
    at_bob.stays_silent().await;
    app.clock.advance(Duration::from_millis(1_000));

    assert_eq!(at_bob.next_data("1").await, sign(&conversation, &ada, false));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn typing_expires_when_the_device_vanishes() {
    let app = TestApp::start().await;
    let (ada, bob, _carl, group) = group(&app).await;
    let mut at_bob = listen(&bob, Value::Null).await;
    let mut device = ada.socket().await;
    device.subscribe("1", SET, json!({ "in": id(&group) })).await;
    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, true));

    device.cut().await;
    app.clock.advance(Duration::from_secs(5));

    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, false));
}

#[tokio::test]
async fn renewing_a_typing_signal_emits_no_event() {
    let app = TestApp::start().await;
    let (ada, bob, _carl, group) = group(&app).await;
    let mut at_bob = listen(&bob, Value::Null).await;
    types(&ada, id(&group)).await;
    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, true));

    for _ in 0..3 {
        app.clock.advance(Duration::from_secs(3));
        types(&ada, id(&group)).await;
    }
    at_bob.stays_silent().await;

    app.clock.advance(Duration::from_secs(5));
    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, false));
}

#[tokio::test]
async fn sending_ends_typing_in_that_conversation_only() {
    let app = TestApp::start().await;
    let (ada, bob, _carl, group) = group(&app).await;
    let direct = ada.send(&bob, "hi").await["conversationId"].as_str().expect("an id").to_owned();
    let mut at_bob = listen(&bob, Value::Null).await;
    types(&ada, by(&bob)).await;
    types(&ada, id(&group)).await;
    assert_eq!(at_bob.next_data("1").await, sign(&direct, &ada, true));
    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, true));

    ada.send_to(&group, "done").await;

    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, false));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_new_subscriber_receives_who_is_typing() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    types(&ada, id(&group)).await;
    types(&carl, id(&group)).await;
    stops(&carl, id(&group)).await;

    let mut at_bob = bob.subscribe(CHANGED, json!({})).await;

    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, true));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn typing_on_several_devices_is_one_typist() {
    let app = TestApp::start().await;
    let (ada, bob, _carl, group) = group(&app).await;
    let phone = ada.another_device(&app).await;
    let (mut at_bob, mut at_phone) = (listen(&bob, Value::Null).await, listen(&phone, Value::Null).await);
    let mut at_bobs_other = listen(&bob, Value::Null).await;

    types(&ada, id(&group)).await;
    types(&phone, id(&group)).await;
    stops(&phone, id(&group)).await;

    for socket in [&mut at_bob, &mut at_bobs_other] {
        assert_eq!(socket.next_data("1").await, sign(&group, &ada, true));
        assert_eq!(socket.next_data("1").await, sign(&group, &ada, false));
        socket.stays_silent().await;
    }
    at_phone.stays_silent().await;
}

#[tokio::test]
async fn only_members_receive_typing_of_the_conversation_they_subscribed_to() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let eve = app.user("Eve").await;
    eve.send(&ada, "hi").await;
    bob.send(&carl, "hi").await;
    let (mut at_eve, mut at_bob) = (listen(&eve, Value::Null).await, listen(&bob, by(&carl)).await);

    types(&ada, id(&group)).await;

    at_eve.stays_silent().await;
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_removed_member_neither_receives_nor_emits_typing() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let (mut at_bob, mut at_carl) = (listen(&bob, id(&group)).await, listen(&carl, id(&group)).await);
    types(&ada, id(&group)).await;
    assert_eq!(at_bob.next_data("1").await, sign(&group, &ada, true));

    app.remove_from_all(&bob).await;
    stops(&ada, id(&group)).await;

    at_bob.stays_silent().await;
    assert_eq!(bob.fails(SET, json!({ "in": id(&group) })).await, "NOT_FOUND");
    assert_eq!(at_carl.next_data("1").await, sign(&group, &ada, true));
    assert_eq!(at_carl.next_data("1").await, sign(&group, &ada, false));
    at_carl.stays_silent().await;
}

#[tokio::test]
async fn a_direct_conversation_that_does_not_exist_is_silent_until_it_does() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_bob = listen(&bob, by(&ada)).await;

    types(&ada, by(&bob)).await;
    stops(&ada, by(&bob)).await;
    at_bob.stays_silent().await;

    let conversation = ada.send(&bob, "hi").await["conversationId"].as_str().expect("an id").to_owned();
    types(&ada, by(&bob)).await;
    assert_eq!(at_bob.next_data("1").await, sign(&conversation, &ada, true));
}

#[tokio::test]
async fn typing_where_one_may_not_write_is_not_found() {
    let app = TestApp::start().await;
    let (_ada, _bob, _carl, group) = group(&app).await;
    let eve = app.user("Eve").await;
    let theirs = eve.bytes(SET, json!({ "in": id(&group) })).await;
    let nowhere = [
        id("019bfc3e-0000-7000-8000-00000000000a"),
        id("no id"),
        by(&eve),
        json!({ "userId": "019bfc3e-0000-7000-8000-00000000000a" }),
    ];

    for nothing in nowhere.into_iter().chain([id(&group)]) {
        assert_eq!(theirs, eve.bytes(SET, json!({ "in": nothing })).await, "{nothing}");
        let mut socket = eve.subscribe(CHANGED, json!({ "in": nothing })).await;
        assert_eq!(socket.next_error("1").await, "NOT_FOUND", "{nothing}");
    }
    assert_eq!(code(&serde_json::from_str(&theirs).expect("JSON")), "NOT_FOUND");
}

#[tokio::test]
async fn typing_signals_have_a_burst_of_five_and_one_a_second() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for _ in 0..5 {
        types(&ada, by(&bob)).await;
    }
    let mut passed = 5;
    let refused = loop {
        let answer = ada.execute(SET, json!({ "in": by(&bob) })).await;
        if answer.get("errors").is_some() {
            break answer;
        }
        passed += 1;
        assert!(passed < 100, "{passed} passed");
    };

    assert_json_snapshot!(redacted(&refused), @r#"
    {
      "data": null,
      "errors": [
        {
          "extensions": {
            "code": "RATE_LIMITED",
            "retryAfterMs": "[delay]"
          },
          "locations": [
            {
              "column": 5,
              "line": 2
            }
          ],
          "message": "too many of these in a short time, try again later",
          "path": [
            "setTyping"
          ]
        }
      ]
    }
    "#);
    types(&bob, by(&ada)).await;
    app.clock.advance(Duration::from_secs(1));
    types(&ada, by(&bob)).await;
}
