//! Stalled readers lose nothing, and delay nobody.

use std::time::Duration;

use parlour::feed::EventKind;
use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, position, soon};

/// A quarter of a megabyte per event, by a message of 4,000 characters of four bytes.
const LARGE: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { seq a: text b: text c: text d: text e: text f: text g: text h: text
        i: text j: text k: text l: text m: text n: text o: text p: text } } } }";

/// The most that the system buffers for a connection on both sides, and our outbox.
const HELD_BYTES: usize = 12 * 1024 * 1024;

/// A subscriber to large messages that does not read.
async fn stalled(person: &Person) -> Socket {
    let mut socket = Socket::narrow(person.address, &person.token).await;
    socket.subscribe("1", LARGE, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    socket
}

async fn send_large(from: &Person, to: &Person, messages: usize) {
    for _ in 0..messages {
        from.send(to, &"🦜".repeat(4_000)).await;
    }
}

async fn is_online(asker: &Person, of: &Person) -> bool {
    let user = asker.ask("query($id: ID!) { user(id: $id) { online } }", json!({ "id": of.id })).await;
    user["user"]["online"].as_bool().expect("a boolean")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_falls_behind_still_gets_everything_in_order() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut last = position(&json!(bob.feed_cursor().await));
    let mut at_bob = stalled(&bob).await;

    send_large(&ada, &bob, 24).await;
    // More than an inbox holds.
    let newest = app.write_history(EventKind::MessageChanged, 1_500).await;
    while position(&json!(bob.feed_cursor().await)) < position(&json!(newest)) {}

    while last < position(&json!(newest)) {
        let event = at_bob.next_happening().await;
        assert_eq!(position(&event["cursor"]), last + 1);
        last += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_is_closed_and_loses_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carol = app.user("Carol").await;
    let (mut at_bob, mut at_ada) = (stalled(&bob).await, ada.follow().await);
    let start = bob.feed_cursor().await;

    send_large(&ada, &bob, 60).await;
    // His only socket is closed: he is offline once the time to come back is over, too.
    soon(async {
        while is_online(&carol, &bob).await {
            app.clock.advance(Duration::from_secs(1))
        }
    })
    .await;
    let after_the_close = ada.send(&bob, "are you there?").await;

    // Meanwhile others receive everything.
    for seq in 2..=62 {
        assert_eq!(at_ada.next_event().await["message"]["seq"], seq);
    }
    carol.send(&ada, "hello").await;
    assert_eq!(at_ada.next_happening().await["change"], "ADDED");
    let (received, bytes) = drain(&mut at_bob).await;
    assert!(bytes < HELD_BYTES, "{bytes}");
    assert!(received.len() < 60, "{}", received.len());

    let after = received.last().map_or(json!(start), |event| event["cursor"].clone());
    let (missed, _) = bob.subscribe(LARGE, json!({ "after": after })).await.replay().await;
    let cursors: Vec<i64> = received.iter().chain(&missed).map(|event| position(&event["cursor"])).collect();
    let expected: Vec<i64> = (position(&json!(start)) + 1..=position(&after_the_close["feedCursor"])).collect();
    assert_eq!(cursors, expected);
}

/// Reads what was sent before the close.
async fn drain(socket: &mut Socket) -> (Vec<Value>, usize) {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Ok(mut message) = socket.next_or_closed().await {
        bytes += message.to_string().len();
        events.push(message["payload"]["data"]["events"].take());
    }
    (events, bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_replay_is_sent_as_fast_as_it_is_read() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    send_large(&ada, &bob, 60).await;

    // Long before the server would ping a silent client.
    let replay = async { bob.subscribe(LARGE, json!({ "after": after })).await.replay().await };
    let (missed, _) = tokio::time::timeout(Duration::from_secs(15), replay).await.expect("no pause");

    let seqs: Vec<_> = missed.iter().filter_map(|event| event["message"]["seq"].as_i64()).collect();
    assert_eq!(seqs, (2..=61).collect::<Vec<_>>());
}
