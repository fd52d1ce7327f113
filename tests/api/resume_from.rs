//! `resumeFrom` in `connection_init`: how stock clients, which repeat their first variables, resume nevertheless.

use serde_json::{Value, json};

use crate::support::{EVENTS, Person, Socket, TestApp};

const MESSAGE_ADDED: &str = "subscription($after: String) { messageAdded(after: $after) { text } }";

/// Two people, and the cursors before each of three messages and after the last.
async fn three_messages(app: &TestApp) -> (Person, Vec<String>) {
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut cursors = vec![bob.feed_cursor().await];
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
        cursors.push(bob.feed_cursor().await);
    }
    (bob, cursors)
}

async fn resume(person: &Person, resume_from: Value) -> Socket {
    Socket::resuming(person.address, &person.token, resume_from).await
}

/// The texts of the replay of a subscription to `events`.
async fn replayed(socket: &mut Socket, id: &str, after: Option<&str>) -> Vec<String> {
    socket.subscribe(id, EVENTS, json!({ "after": after })).await;
    let mut texts = Vec::new();
    loop {
        let event = socket.next_data(id).await["events"].take();
        match event["__typename"].as_str() {
            Some("CaughtUp") => return texts,
            Some("FeedReset") => return vec![event["reason"].as_str().expect("a reason").to_owned()],
            _ => texts.push(event["message"]["text"].as_str().expect("a text").to_owned()),
        }
    }
}

#[tokio::test]
async fn a_resume_entry_overrides_the_operations_cursor() {
    let app = TestApp::start().await;
    let (bob, cursors) = three_messages(&app).await;

    let mut later = resume(&bob, json!({ "a": cursors[2] })).await;
    let mut earlier = resume(&bob, json!({ "a": cursors[1] })).await;

    assert_eq!(replayed(&mut later, "a", Some(&cursors[0])).await, ["three"]);
    assert_eq!(replayed(&mut earlier, "a", Some(&cursors[2])).await, ["two", "three"]);
}

#[tokio::test]
async fn each_operation_has_its_own_resume_entry() {
    let app = TestApp::start().await;
    let (bob, cursors) = three_messages(&app).await;

    let mut socket = resume(&bob, json!({ "a": cursors[1], "b": cursors[2] })).await;

    assert_eq!(replayed(&mut socket, "b", None).await, ["three"]);
    assert_eq!(replayed(&mut socket, "a", None).await, ["two", "three"]);
    socket.subscribe("c", MESSAGE_ADDED, json!({})).await;
    socket.stays_silent().await;
}

#[tokio::test]
async fn a_resume_entry_works_for_message_added() {
    let app = TestApp::start().await;
    let (bob, cursors) = three_messages(&app).await;
    let mut socket = resume(&bob, json!({ "a": cursors[2] })).await;

    socket.subscribe("a", MESSAGE_ADDED, json!({ "after": cursors[0] })).await;

    assert_eq!(socket.next_data("a").await["messageAdded"]["text"], "three");
    socket.stays_silent().await;
}

#[tokio::test]
async fn a_valid_cursor_overrides_a_foreign_resume_entry() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let (bob, cursors) = three_messages(&app).await;
    let elsewhere = three_messages(&other).await.1[1].clone();

    for foreign in ["garbage", &elsewhere] {
        let mut socket = resume(&bob, json!({ "a": foreign, "b": foreign })).await;
        assert_eq!(replayed(&mut socket, "a", Some(&cursors[2])).await, ["three"]);
        // Without a valid cursor the operation's own is not used silently.
        assert_eq!(replayed(&mut socket, "b", None).await, ["FOREIGN"]);
    }
}

#[tokio::test]
async fn a_resume_entry_is_used_once_and_a_stale_one_never() {
    let app = TestApp::start().await;
    let (bob, cursors) = three_messages(&app).await;
    let mut socket = resume(&bob, json!({ "a": cursors[1], "stale": cursors[0] })).await;
    assert_eq!(replayed(&mut socket, "a", None).await, ["two", "three"]);

    socket.complete("a").await;

    assert_eq!(replayed(&mut socket, "a", None).await, [""; 0]);
    assert_eq!(replayed(&mut socket, "b", Some(&cursors[2])).await, ["three"]);
}

#[tokio::test]
async fn a_plain_resume_cursor_applies_to_the_first_feed_subscription() {
    let app = TestApp::start().await;
    let (bob, cursors) = three_messages(&app).await;
    let mut socket = resume(&bob, json!(cursors[1])).await;

    socket.subscribe("q", "{ me { fullName } }", json!({})).await;
    assert_eq!(socket.next_data("q").await["me"]["fullName"], "Bob");
    assert_eq!(socket.next().await, json!({ "id": "q", "type": "complete" }));
    socket.subscribe("o", "subscription { onlineUsers { fullName } }", json!({})).await;
    assert_eq!(socket.next_data("o").await["onlineUsers"], json!([{ "fullName": "Bob" }]));

    assert_eq!(replayed(&mut socket, "a", Some(&cursors[0])).await, ["two", "three"]);
    assert_eq!(replayed(&mut socket, "b", Some(&cursors[2])).await, ["three"]);
}
