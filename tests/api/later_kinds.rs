//! Kinds of events that only a later version knows: it may write to the same log, and this version reads past them.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, position};

const EVENTS: &str = "subscription($after: String, $consumer: String, $kinds: [FeedEventKind!]) {
    events(after: $after, consumer: $consumer, kinds: $kinds) {
        __typename cursor ... on MessageAdded { message { text } } } }";
const MESSAGES: &str = "subscription($after: String) { messageAdded(after: $after) { text } }";
const PAGE: &str = "query($after: String!, $kinds: [FeedEventKind!]) { events(after: $after, kinds: $kinds, first: 2) {
    cursor hasMore events { __typename ... on MessageAdded { message { text } } } } }";

/// Writes events as a node of a later version would: to a conversation, to a person, and to those who know a person.
async fn write_unknown(app: &TestApp) {
    let db = app.database().await;
    let newest = "FROM feed_head head, (SELECT * FROM message ORDER BY position DESC LIMIT 1) m";
    let columns = "INSERT INTO feed_event (position, nonce, kind, conversation_id, recipient_id, user_id, message_id, created_at)";
    db.execute_unprepared(&format!(
        "BEGIN;
         {columns} SELECT head.position + 1, 7, 9999, m.conversation_id, NULL, m.sender_id, m.id, m.created_at {newest};
         {columns} SELECT head.position + 2, 7, 9999, NULL, m.sender_id, m.sender_id, NULL, m.created_at {newest};
         {columns} SELECT head.position + 3, 7, 9999, NULL, NULL, m.sender_id, NULL, m.created_at {newest};
         UPDATE feed_head SET position = position + 3;
         UPDATE conversation SET last_position = (SELECT position FROM feed_head);
         COMMIT;"
    ))
    .await
    .expect("they are written");
}

/// The texts of the messages that come next; nothing else may come.
async fn next_texts(socket: &mut Socket, many: usize) -> Vec<Value> {
    let mut texts = Vec::new();
    for _ in 0..many {
        let mut event = socket.next_event().await;
        assert_eq!(event["__typename"], "MessageAdded", "{event}");
        texts.push(event["message"]["text"].take());
    }
    texts
}

/// What is replayed, up to where it has caught up.
async fn replayed(person: &Person, variables: Value) -> (Vec<Value>, String) {
    let (events, cursor) = person.subscribe(EVENTS, variables).await.replay().await;
    (events.iter().map(|event| event["message"]["text"].clone()).collect(), cursor)
}

#[tokio::test]
async fn an_event_of_a_later_version_is_passed_and_reaches_nobody() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    let mut at_bob = bob.subscribe(EVENTS, json!({ "consumer": "phone" })).await;
    assert_eq!(at_bob.next_event().await["__typename"], "CaughtUp");
    // The events are written to her alone, too.
    let mut at_ada = ada.subscribe(EVENTS, json!({})).await;
    assert_eq!(at_ada.next_event().await["__typename"], "CaughtUp");

    ada.send(&bob, "before").await;
    write_unknown(&app).await;
    ada.send(&bob, "after").await;

    for socket in [&mut at_bob, &mut at_ada] {
        assert_eq!(next_texts(socket, 2).await, ["before", "after"]);
    }
    let newest = bob.feed_cursor().await;
    assert_eq!(position(&json!(newest)), position(&json!(start)) + 5);
    drop(at_bob);
    for _ in ["from the ring", "from the database"] {
        for variables in [json!({ "after": start }), json!({ "consumer": "phone" })] {
            let (texts, cursor) = replayed(&bob, variables).await;
            assert_eq!((texts, cursor), (vec![json!("before"), json!("after")], newest.clone()));
        }
        let mut socket = bob.subscribe(MESSAGES, json!({ "after": start })).await;
        assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "before");
        assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "after");
        let some = json!({ "after": start, "kinds": ["MESSAGE_ADDED"] });
        let page = bob.ask(PAGE, some.clone()).await["events"].take();
        assert_eq!((&page["cursor"], &page["hasMore"]), (&json!(newest), &json!(false)), "{page}");
        assert_eq!(replayed(&bob, some).await.0, ["before", "after"]);
        let (mut after, mut paged) = (start.clone(), Vec::new());
        loop {
            let mut page = bob.ask(PAGE, json!({ "after": after })).await["events"].take();
            paged.extend(
                page["events"].as_array().expect("a list").iter().map(|event| event["message"]["text"].clone()),
            );
            after = serde_json::from_value(page["cursor"].take()).expect("a cursor");
            if page["hasMore"] == false {
                break;
            }
        }
        assert_eq!((paged, after), (vec![json!("before"), json!("after")], newest.clone()));
        app.restart().await;
    }
    let acknowledge = "mutation($cursor: String!) { ackEvents(consumer: \"phone\", cursor: $cursor) { cursor } }";
    assert_eq!(bob.ask(acknowledge, json!({ "cursor": newest })).await["ackEvents"]["cursor"], newest);
    assert_eq!(replayed(&bob, json!({ "consumer": "phone" })).await.0, Vec::<Value>::new());
}

#[tokio::test]
async fn a_log_that_ends_with_an_event_of_a_later_version_is_read() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    ada.send(&bob, "before").await;
    write_unknown(&app).await;

    // Its newest event is what a start begins with.
    app.restart().await;

    let (texts, cursor) = replayed(&bob, json!({ "after": start })).await;
    assert_eq!((texts, position(&json!(cursor))), (vec![json!("before")], position(&json!(start)) + 4));
    let mut at_bob = bob.subscribe(EVENTS, json!({ "after": cursor })).await;
    assert_eq!(at_bob.next_event().await["__typename"], "CaughtUp");
    ada.send(&bob, "after").await;
    assert_eq!(next_texts(&mut at_bob, 1).await, ["after"]);
}
