//! Sealed cursors: they resume exactly and do not reveal their position.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use parlour::feed::Cursor;
use serde_json::{Value, json};

use crate::support::{EVENTS, Person, Socket, TestApp, cursors};

const DAY: Duration = Duration::from_secs(24 * 3600);
const PAGE: &str = "query($after: String!) { events(after: $after) { cursor events { __typename cursor
    ... on MessageAdded { message { text } } ... on FeedReset { reason } } } }";
const MESSAGE_ADDED: &str = "subscription($after: String) { messageAdded(after: $after) { text } }";
const CONVERSATIONS: &str =
    "query($after: String) { conversations(first: 1, after: $after) { nodes { title } edges { cursor } } }";
const MEMBERS: &str = "query($in: ID!, $after: String) { conversation(by: { conversationId: $in }) {
    members(first: 1, after: $after) { edges { cursor } } } }";
const HITS: &str =
    "query($after: String) { searchMessages(query: \"tea\", first: 1, after: $after) { edges { cursor } } }";

fn bytes(cursor: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap_or_else(|error| panic!("{cursor}: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A cursor as it was issued before cursors were sealed.
fn unsealed(cursor: Cursor) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([cursor.position.to_be_bytes().as_slice(), &cursor.nonce.to_be_bytes()].concat())
}

/// A page of `events`: the texts of messages, or the reason of a reset.
async fn said(person: &Person, after: &str) -> Vec<String> {
    let page = person.ask(PAGE, json!({ "after": after })).await;
    let events = page["events"]["events"].as_array().expect("events");
    events.iter().map(|event| text(event.pointer("/message/text").unwrap_or(&event["reason"])).to_owned()).collect()
}

/// Turns the database into one that had issued unsealed cursors before an update.
async fn migrated(app: &mut TestApp) {
    app.stop().await;
    app.run_sql("DELETE FROM cursor_key").await;
    app.restart().await;
    let url = app.database_url();
    cursors::forget_keys(&url);
    cursors::read_keys(&url).await;
}

/// A cursor is FOREIGN, in every way in which it can be passed.
async fn is_foreign(person: &Person, cursor: &str) {
    assert_eq!(said(person, cursor).await, ["FOREIGN"], "{cursor}");
    let mut socket = person.subscribe(EVENTS, json!({ "after": cursor })).await;
    assert_eq!(socket.next_event().await["reason"], "FOREIGN", "{cursor}");
    let mut socket = person.subscribe(MESSAGE_ADDED, json!({ "after": cursor })).await;
    assert_eq!(socket.next_error("1").await, "CURSOR_EXPIRED", "{cursor}");
    let mut socket = Socket::resuming(person.address, &person.token, json!({ "1": cursor })).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    assert_eq!(socket.next_event().await["reason"], "FOREIGN", "{cursor}");
}

#[tokio::test]
async fn a_cursor_is_the_same_for_everybody_and_after_a_restart() {
    let mut app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let before = bob.feed_cursor().await;
    let (mut at_bob, mut at_carl) = (bob.follow().await, carl.follow().await);

    let sent = ada.send_to(&group, "tea?").await;

    let cursor = sent["feedCursor"].clone();
    assert_eq!((&at_bob.next_event().await["cursor"], &at_carl.next_event().await["cursor"]), (&cursor, &cursor));
    app.restart().await;
    for person in [&bob, &carl] {
        let page = person.ask(PAGE, json!({ "after": before })).await;
        assert_eq!((&page["events"]["events"][0]["cursor"], &page["events"]["cursor"]), (&cursor, &cursor));
        assert_eq!(json!(person.feed_cursor().await), cursor);
    }
}

#[tokio::test]
async fn an_unreadable_cursor_is_foreign() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let (ada, bob) = app.direct("Ada", "Bob").await;
    other.direct("Ada", "Bob").await;
    let elsewhere = other.user("Eve").await.feed_cursor().await;
    let own = bob.feed_cursor().await;
    ada.send(&bob, "missed").await;
    assert_eq!(said(&bob, &own).await, ["missed"]);
    let mut tampered = bytes(&own);
    tampered[23] ^= 1;
    let conversations = bob.ask(CONVERSATIONS, json!({})).await;
    let of_a_list = text(&conversations["conversations"]["edges"][0]["cursor"]).to_owned();

    // A new database has never issued the unsealed form, and does not accept it.
    for foreign in [elsewhere, BASE64_URL_SAFE_NO_PAD.encode(tampered), of_a_list, unsealed(cursors::open(&own))] {
        is_foreign(&bob, &foreign).await;
    }
}

#[tokio::test]
async fn the_unsealed_form_is_read_for_thirty_days_after_the_update() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let old = unsealed(cursors::open(&bob.feed_cursor().await));
    ada.send(&bob, "missed").await;
    migrated(&mut app).await;

    for _ in 0..2 {
        assert_eq!(said(&bob, &old).await, ["missed"]);
        let mut socket = bob.subscribe(MESSAGE_ADDED, json!({ "after": old })).await;
        assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "missed");
        let mut socket = Socket::resuming(bob.address, &bob.token, json!({ "1": old })).await;
        socket.subscribe("1", EVENTS, json!({})).await;
        assert_eq!(socket.next_event().await["message"]["text"], "missed");
        // A second start does not count as a second update.
        app.restart().await;
    }
    app.clock.advance(29 * DAY);
    let bob = bob.another_device(&app).await;
    assert_eq!(said(&bob, &old).await, ["missed"]);

    app.clock.advance(DAY);
    let (ada, bob) = (ada.another_device(&app).await, bob.another_device(&app).await);
    let sealed = bob.feed_cursor().await;
    ada.send(&bob, "later").await;
    assert_eq!(said(&bob, &sealed).await, ["later"]);
    is_foreign(&bob, &unsealed(cursors::open(&sealed))).await;
}

#[tokio::test]
async fn a_cursor_does_not_reveal_its_position() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    for number in 0..3 {
        let sent = ada.send_to(&group, &format!("tea {number}")).await;
        seen.insert(bytes(text(&sent["feedCursor"])));
    }
    let lists = [
        bob.ask(CONVERSATIONS, json!({})).await["conversations"]["edges"][0]["cursor"].take(),
        bob.ask(MEMBERS, json!({ "in": group })).await["conversation"]["members"]["edges"][0]["cursor"].take(),
        bob.ask(HITS, json!({})).await["searchMessages"]["edges"][0]["cursor"].take(),
    ];
    seen.extend(lists.iter().map(|cursor| bytes(text(cursor))));
    assert_eq!(seen.len(), 6);

    // Unsealed, all of them would begin with the zeros of small positions.
    let runs: Vec<&[u8]> = seen.iter().flat_map(|cursor| cursor.windows(5)).collect();
    assert_eq!(runs.iter().collect::<HashSet<_>>().len(), runs.len());
    assert!(!seen.iter().any(|cursor| cursor.windows(4).any(|run| run == [0; 4])), "{seen:?}");
}

#[tokio::test]
async fn a_list_accepts_only_cursors_it_issued() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "tea?").await;
    // Also while the unsealed form of feed cursors is still accepted.
    migrated(&mut app).await;

    let first = bob.ask(CONVERSATIONS, json!({})).await;
    let second = bob.ask(CONVERSATIONS, json!({ "after": first["conversations"]["edges"][0]["cursor"] })).await;
    assert_eq!(
        (&first["conversations"]["nodes"][0]["title"], &second["conversations"]["nodes"][0]["title"]),
        (&json!("Tea"), &Value::Null)
    );
    let far = i64::MAX.to_be_bytes();
    let (in_group, ada_id) =
        (uuid::Uuid::parse_str(&group).expect("an id"), uuid::Uuid::parse_str(&ada.id).expect("an id"));
    let member = [b"p".as_slice(), in_group.as_bytes(), &0_i64.to_be_bytes(), ada_id.as_bytes()].concat();
    for (query, chosen) in
        [(CONVERSATIONS, [b"c".as_slice(), &far].concat()), (HITS, [b"h".as_slice(), &far].concat()), (MEMBERS, member)]
    {
        let chosen = BASE64_URL_SAFE_NO_PAD.encode(chosen);
        assert_eq!(
            bob.refused(query, json!({ "in": group, "after": chosen })).await,
            "BAD_USER_INPUT at after",
            "{query}"
        );
    }
}
