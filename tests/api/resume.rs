//! Resuming: missed events are replayed, or the client receives a reset.

use insta::assert_json_snapshot;
use parlour::feed::EventKind;
use serde_json::{Value, json};

use crate::support::{EVENTS, Person, TestApp, position, redacted};

const MESSAGE_ADDED: &str = "subscription($after: String) { messageAdded(after: $after) { seq text } }";

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["message"]["text"].as_str().expect("a text")).collect()
}

/// The first event after resuming.
async fn first_word(person: &Person, after: &str) -> Value {
    person.subscribe(EVENTS, json!({ "after": after })).await.next_event().await
}

#[tokio::test]
async fn missed_events_come_before_live_ones() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
    }

    let mut at_bob = bob.subscribe(EVENTS, json!({ "after": after })).await;

    let (missed, caught_up) = at_bob.replay().await;
    assert_eq!(texts(&missed), ["one", "two", "three"]);
    assert_eq!(caught_up, missed[2]["cursor"]);
    assert_eq!(ada.send(&bob, "four").await["id"], at_bob.next_event().await["message"]["id"]);
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_restarted_server_replays_from_its_database() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
    }
    app.restart().await;

    let mut at_bob = bob.subscribe(EVENTS, json!({ "after": after })).await;

    let (missed, caught_up) = at_bob.replay().await;
    assert_eq!(texts(&missed), ["one", "two", "three"]);
    assert_eq!(caught_up, missed[2]["cursor"]);
    assert_eq!(ada.send(&bob, "four").await["id"], at_bob.next_event().await["message"]["id"]);
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn more_than_the_ring_holds_is_replayed_without_a_hole() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    let newest = app.write_history(EventKind::MessageChanged, 4_500).await;

    let mut at_bob = bob.subscribe(EVENTS, json!({ "after": after })).await;

    let mut last = position(&json!(after));
    while last < position(&json!(newest)) {
        let event = at_bob.next_happening().await;
        assert_eq!((position(&event["cursor"]), &event["__typename"]), (last + 1, &json!("MessageChanged")));
        last += 1;
    }
}

#[tokio::test]
async fn with_nothing_missed_a_subscriber_is_caught_up_at_once() {
    let mut app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;

    for _ in ["from the ring", "from the database"] {
        let word = first_word(&bob, &after).await;
        assert_eq!(word, json!({ "__typename": "CaughtUp", "cursor": after }));
        app.restart().await;
    }
}

#[tokio::test]
async fn a_replayed_message_has_its_current_state() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut live = bob.follow().await;
    let after = bob.feed_cursor().await;
    let secret = ada.send(&bob, "a secret").await;
    let reply = json!({ "to": { "userId": bob.id }, "text": "as I said", "replyToId": secret["id"] });
    ada.send_input(reply).await;
    let query = "subscription($after: String) { events(after: $after) { __typename cursor
        ... on MessageAdded { message { text version replyTo { text version } } } } }";
    let mut before = bob.subscribe(query, json!({ "after": after })).await;
    before.replay().await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": secret["id"] })).await;
    while live.next_happening().await["__typename"] != "MessageChanged" {}

    for _ in ["from the ring", "from the database"] {
        let (replayed, _) = bob.subscribe(query, json!({ "after": after })).await.replay().await;
        let tombstone = json!({ "text": null, "version": 2 });
        let (first, second) = (&replayed[0]["message"], &replayed[1]["message"]);
        assert_eq!((&first["text"], &first["version"]), (&Value::Null, &json!(2)));
        assert_eq!(second["replyTo"], tombstone);
        app.restart().await;
    }
}

#[tokio::test]
async fn a_replay_delivers_only_the_newest_read_mark() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = ada.feed_cursor().await;
    for text in ["two", "three"] {
        ada.send(&bob, text).await;
        let query = "mutation($in: ConversationRef!) { markRead(conversation: $in, upToSeq: 100) { id } }";
        bob.ask(query, json!({ "in": { "userId": ada.id } })).await;
    }

    for _ in ["from the ring", "from the database"] {
        let (missed, _) = ada.subscribe(EVENTS, json!({ "after": after })).await.replay().await;
        let kinds: Vec<&Value> = missed.iter().map(|event| &event["__typename"]).collect();
        assert_eq!(kinds, ["MessageAdded", "MessageAdded", "ReadMarkMoved"]);
        assert_eq!(missed[2]["lastReadSeq"], 3);
        app.restart().await;
    }
}

#[tokio::test]
async fn a_replay_contains_no_foreign_conversations() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let after = eve.feed_cursor().await;
    ada.send(&bob, "between us").await;
    let group = ada.group("Poets", &[&bob]).await;
    ada.send_to(&group, "among poets").await;
    let query = "mutation { updateProfile(input: { fullName: \"Augusta\" }) { id } }";
    ada.ask(query, json!({})).await;

    for _ in ["from the ring", "from the database"] {
        assert_eq!(first_word(&eve, &after).await["__typename"], "CaughtUp");
        app.restart().await;
    }
}

#[tokio::test]
async fn a_cursor_of_another_database_is_foreign() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let (ada, bob) = app.direct("Ada", "Bob").await;
    other.direct("Ada", "Bob").await;
    let elsewhere = other.user("Eve").await.feed_cursor().await;
    let now = bob.feed_cursor().await;
    let future = app.sealed(parlour::feed::Cursor { position: position(&json!(now)) + 1_000, nonce: 1 });

    for after in ["", "garbage", &"A".repeat(10_000), &elsewhere, &future] {
        let mut at_bob = bob.subscribe(EVENTS, json!({ "after": after })).await;
        let reset = at_bob.next_event().await;
        assert_eq!((&reset["__typename"], &reset["reason"]), (&json!("FeedReset"), &json!("FOREIGN")), "{after}");
        // It continues live without a CaughtUp, and its cursor resumes.
        let sent = ada.send(&bob, "hello").await;
        assert_eq!(at_bob.next_event().await["message"]["id"], sent["id"]);
        let cursor = reset["cursor"].as_str().expect("a cursor");
        let resumed = bob.subscribe(EVENTS, json!({ "after": cursor })).await.next_event().await;
        assert_eq!(resumed["message"]["id"], sent["id"]);

        let mut messages = bob.subscribe(MESSAGE_ADDED, json!({ "after": after })).await;
        assert_eq!(messages.next_error("1").await, "CURSOR_EXPIRED", "{after}");
    }
}

#[tokio::test]
async fn a_gap_beyond_the_replay_limit_is_too_far() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    let ten_thousand = app.write_history(EventKind::MessageChanged, 10_000).await;
    app.restart().await;
    assert_eq!(first_word(&bob, &after).await["__typename"], "MessageChanged");
    app.write_history(EventKind::MessageChanged, 1).await;
    app.restart().await;

    let mut at_bob = bob.subscribe(EVENTS, json!({ "after": after })).await;

    let reset = at_bob.next_event().await;
    assert_json_snapshot!(redacted(&reset), @r#"
    {
      "__typename": "FeedReset",
      "cursor": "[cursor 1]",
      "reason": "TOO_FAR"
    }
    "#);
    assert_eq!(position(&reset["cursor"]), position(&json!(ten_thousand)) + 1);
    assert_eq!(ada.send(&bob, "hello").await["id"], at_bob.next_event().await["message"]["id"]);
    let mut messages = bob.subscribe(MESSAGE_ADDED, json!({ "after": after })).await;
    assert_eq!(messages.next_error("1").await, "CURSOR_EXPIRED");
}

#[tokio::test]
async fn read_marks_do_not_count_as_missed() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    app.write_history(EventKind::ReadMarkMoved, 10_001).await;
    app.restart().await;
    ada.send(&bob, "hello").await;

    let (missed, _) = bob.subscribe(EVENTS, json!({ "after": after })).await.replay().await;

    let kinds: Vec<&Value> = missed.iter().map(|event| &event["__typename"]).collect();
    assert_eq!(kinds, ["ReadMarkMoved", "MessageAdded"]);
}

#[tokio::test]
async fn of_ten_thousand_trims_of_a_history_only_the_newest_is_replayed() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    let newest = app.write_history(EventKind::HistoryTrimmed, 10_001).await;
    app.restart().await;
    ada.send(&bob, "hello").await;

    let (missed, _) = bob.subscribe(EVENTS, json!({ "after": after })).await.replay().await;

    let kinds: Vec<&Value> = missed.iter().map(|event| &event["__typename"]).collect();
    assert_eq!(kinds, ["HistoryTrimmed", "MessageAdded"]);
    assert_eq!(missed[0]["cursor"], newest);
}

#[tokio::test]
async fn message_added_replays_missed_messages_without_control_events() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    ada.send(&bob, "two").await;

    for (number, text) in [(3, "three"), (4, "four")] {
        let mut at_bob = bob.subscribe(MESSAGE_ADDED, json!({ "after": after })).await;
        assert_eq!(at_bob.next_data("1").await["messageAdded"], json!({ "seq": 2, "text": "two" }));
        for _ in 3..number {
            at_bob.next_data("1").await;
        }
        ada.send(&bob, text).await;
        assert_eq!(at_bob.next_data("1").await["messageAdded"], json!({ "seq": number, "text": text }));
        at_bob.stays_silent().await;
        app.restart().await;
    }
}
