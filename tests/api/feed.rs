//! The live feed: who receives which events, and in which order.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, position};

const MESSAGE_ADDED: &str = "subscription($in: ConversationRef, $after: String) {
    messageAdded(conversation: $in, after: $after) { id seq text feedCursor } }";

/// Subscribes to new messages of a conversation, or of all. It resumes from a cursor, so that nothing is missed.
async fn hear(person: &Person, place: Value) -> Socket {
    let now = person.feed_cursor().await;
    person.subscribe(MESSAGE_ADDED, json!({ "in": place, "after": now })).await
}

/// A short description of an event.
fn gist(event: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let about = match event["__typename"].as_str().expect("a type") {
        "MessageAdded" | "MessageChanged" => {
            format!("{} v{}", text(&event["message"]["text"]), event["message"]["version"])
        }
        "ReadMarkMoved" => event["lastReadSeq"].to_string(),
        "ConversationChanged" => format!("{} {}", text(&event["change"]), text(&event["conversation"]["kind"])),
        "UserChanged" => text(&event["user"]["fullName"]),
        other => return other.to_owned(),
    };
    format!("{} {about}", text(&event["__typename"]))
}

async fn rename(person: &Person, name: &str) {
    let query = "mutation($name: String!) { updateProfile(input: { fullName: $name }) { id } }";
    person.ask(query, json!({ "name": name })).await;
}

async fn read(person: &Person, other: &Person, seq: i32) {
    let query = "mutation($in: ConversationRef!, $seq: Int!) { markRead(conversation: $in, upToSeq: $seq) { id } }";
    person.ask(query, json!({ "in": { "userId": other.id }, "seq": seq })).await;
}

#[tokio::test]
async fn both_people_receive_the_first_message() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (mut at_ada, mut at_bob) = (ada.follow().await, bob.follow().await);

    let sent = ada.send(&bob, "hello").await;

    for socket in [&mut at_ada, &mut at_bob] {
        let added = socket.next_event().await;
        assert_eq!((&added["__typename"], &added["change"]), (&json!("ConversationChanged"), &json!("ADDED")));
        let received = socket.next_event().await;
        assert_eq!(received["message"]["id"], sent["id"]);
        assert_eq!(received["cursor"], sent["feedCursor"]);
        socket.stays_silent().await;
    }
}

#[tokio::test]
async fn both_people_receive_every_change_in_order() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sockets = [ada.follow().await, bob.follow().await];

    let sent = ada.send(&bob, "one").await;
    let id = json!({ "id": sent["id"] });
    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"two\") { id } }", id.clone()).await;
    read(&bob, &ada, 2).await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", id).await;
    rename(&bob, "Robert").await;
    ada.group("Poets", &[&bob]).await;

    let expected = [
        "MessageAdded one v1",
        "MessageChanged two v2",
        "ReadMarkMoved 2",
        "MessageChanged null v3",
        "UserChanged Robert",
        "ConversationChanged ADDED GROUP",
        "MessageAdded null v1",
    ];
    for mut socket in sockets {
        let mut last = 0;
        for expected in expected {
            let event = socket.next_event().await;
            assert_eq!(gist(&event), expected);
            assert!(position(&event["cursor"]) > last, "{event}");
            last = position(&event["cursor"]);
        }
        socket.stays_silent().await;
    }
}

#[tokio::test]
async fn a_change_without_effect_emits_no_event() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    read(&bob, &ada, 1).await;
    let mut at_ada = ada.follow().await;

    read(&bob, &ada, 1).await;
    rename(&bob, "Bob").await;

    at_ada.stays_silent().await;
}

#[tokio::test]
async fn a_nonmember_receives_nothing_of_a_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let (mut everything, mut messages) = (eve.follow().await, hear(&eve, Value::Null).await);

    let sent = ada.send(&bob, "between us").await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    read(&bob, &ada, 2).await;
    rename(&ada, "Augusta").await;
    ada.group("Poets", &[&bob]).await;

    everything.stays_silent().await;
    messages.stays_silent().await;
}

#[tokio::test]
async fn message_added_delivers_new_messages_only() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut at_bob = hear(&bob, Value::Null).await;

    let sent = ada.send(&bob, "one").await;
    let delivered = |message: &Value| {
        json!({ "id": message["id"], "seq": message["seq"], "text": message["text"],
        "feedCursor": message["feedCursor"] })
    };
    // Received before it is edited, because a replay has its current state.
    assert_eq!(at_bob.next_data("1").await["messageAdded"], delivered(&sent));
    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"two\") { id } }", json!({ "id": sent["id"] })).await;
    let next = bob.send(&ada, "three").await;

    assert_eq!(at_bob.next_data("1").await["messageAdded"], delivered(&next));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn message_added_can_be_limited_to_one_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Poets", &[&bob]).await;
    let mut in_group = hear(&bob, json!({ "conversationId": group })).await;
    let mut with_ada = hear(&bob, json!({ "userId": ada.id })).await;

    ada.send(&bob, "to you").await;
    ada.send_to(&group, "to all").await;

    assert_eq!(with_ada.next_data("1").await["messageAdded"]["text"], "to you");
    assert_eq!(in_group.next_data("1").await["messageAdded"]["text"], "to all");
    with_ada.stays_silent().await;
    in_group.stays_silent().await;
}

#[tokio::test]
async fn message_added_delivers_the_message_that_creates_the_conversation() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let mut at_bob = hear(&bob, json!({ "userId": ada.id })).await;

    eve.send(&bob, "not me").await;
    ada.send(&bob, "hello").await;
    bob.send(&ada, "hi").await;

    assert_eq!(at_bob.next_data("1").await["messageAdded"]["text"], "hello");
    assert_eq!(at_bob.next_data("1").await["messageAdded"]["text"], "hi");
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn message_added_of_a_hidden_conversation_is_not_found() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Poets", &[&bob]).await;
    let eve = app.user("Eve").await;
    let mut socket = eve.socket().await;

    let nobody = "01890000-0000-7000-8000-000000000000";
    for (number, place) in [
        json!({ "conversationId": group }),
        json!({ "conversationId": nobody }),
        json!({ "conversationId": "poets" }),
        json!({ "userId": nobody }),
        json!({ "userId": eve.id }),
        json!({ "userId": "" }),
    ]
    .into_iter()
    .enumerate()
    {
        let id = number.to_string();
        socket.subscribe(&id, MESSAGE_ADDED, json!({ "in": place })).await;
        assert_eq!(socket.next_error(&id).await, "NOT_FOUND", "{place}");
    }
}
