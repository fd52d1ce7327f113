//! Stalled readers lose nothing, and delay nobody.

use std::time::Duration;

use parlour::feed::EventKind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{EventStream, Person, Socket, TestApp, position, soon};

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

/// Sends a person who does not read more than is held for them, until their only connection is closed: they are offline once
/// the time to come back is over, too. Meanwhile the sender receives everything.
async fn send_until_closed(app: &TestApp, (from, at_sender): (&Person, &mut Socket), to: &Person, asker: &Person) {
    send_large(from, to, 60).await;
    soon(async {
        while is_online(asker, to).await {
            app.clock.advance(Duration::from_secs(1))
        }
    })
    .await;
    for seq in 2..=61 {
        assert_eq!(at_sender.next_event().await["message"]["seq"], seq);
    }
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

    send_until_closed(&app, (&ada, &mut at_ada), &bob, &carol).await;
    let after_the_close = ada.send(&bob, "are you there?").await;

    assert_eq!(at_ada.next_event().await["message"]["seq"], 62);
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

/// A stream of large messages that is not read any more, after its first event.
async fn stalled_stream(app: &TestApp, person: &Person) -> TcpStream {
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = soon(tcp.connect(app.address)).await.expect("a connection");
    let body = json!({ "query": LARGE }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept: text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        app.address,
        person.token,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("the server takes it");
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("CaughtUp") {
        assert!(soon(stream.read_buf(&mut read)).await.expect("an answer") > 0, "{}", String::from_utf8_lossy(&read));
    }
    stream
}

/// The ids of the events of a stream that came as a whole before it was closed, and how many bytes came.
async fn rest_of(mut stream: TcpStream) -> (Vec<String>, usize) {
    let mut read = Vec::new();
    // A reset ends it as well.
    while soon(stream.read_buf(&mut read)).await.is_ok_and(|count| count > 0) {}
    let text = String::from_utf8_lossy(&read);
    let (whole, _) = text.rsplit_once("\n\n").unwrap_or_default();
    let ids = whole.lines().filter_map(|line| line.strip_prefix("id: ")).map(str::to_owned);
    (ids.collect(), read.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_stream_of_events_is_closed_and_loses_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carol = app.user("Carol").await;
    let (at_bob, mut at_ada) = (stalled_stream(&app, &bob).await, ada.follow().await);
    let start = bob.feed_cursor().await;

    send_until_closed(&app, (&ada, &mut at_ada), &bob, &carol).await;

    let (received, bytes) = rest_of(at_bob).await;
    assert!(bytes < HELD_BYTES, "{bytes}");
    assert!(received.len() < 60, "{}", received.len());

    let last = received.last().unwrap_or(&start);
    let request = bob.stream_request(&app, LARGE, json!({})).header("last-event-id", last);
    let (mut again, mut missed) = (EventStream::of(request).await, Vec::new());
    loop {
        let event = again.next_event().await;
        if event["__typename"] == "CaughtUp" {
            break;
        }
        missed.push(event["cursor"].clone());
    }
    let cursors: Vec<i64> =
        received.into_iter().map(Value::from).chain(missed).map(|cursor| position(&cursor)).collect();
    let begin = position(&json!(start));
    assert_eq!(cursors, (begin + 1..=begin + 60).collect::<Vec<_>>());
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
