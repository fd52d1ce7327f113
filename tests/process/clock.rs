//! A clock that jumps affects sessions, but not order, cursors or sockets.

use std::path::{Path, PathBuf};
use std::process::Command;

use parlour::limits;
use serde_json::{Value, json};

use crate::support::{Feed, Line, Listener, Log, Message, PASSWORD, Server, code, is_sound, position_of, soon};

/// Builds the library that shifts the time of a process. A machine that builds the server has a compiler.
fn build(folder: &Path) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/support/clock.c");
    let library = folder.join("clock.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", source, "-o"]).arg(&library).output();
    let built = built.expect("the C compiler that the server is built with");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Shifts a server's clock by this many seconds from the machine's.
fn set_clock(server: &Server, offset: i64) {
    // Written to another file and renamed, because the server may read it at any moment.
    let (new, file) = (server.folder().join("clock.new"), server.folder().join("clock"));
    std::fs::write(&new, offset.to_string()).expect("a file");
    std::fs::rename(new, file).expect("the file");
}

/// A server with the longest sessions, whose clock can be set.
async fn start() -> Server {
    let server = Server::prepare(&[("SESSION_DAYS", "30")]);
    set_clock(&server, 0);
    let library = format!("LD_PRELOAD={}", build(server.folder()).display());
    let file = format!("CLOCK_FILE={}", server.folder().join("clock").display());
    let mut server = server.launched_by(vec!["env".to_owned(), library, file]);
    server.start_again().await;
    server
}

/// The day on which a message was sent.
fn day(message: &Value) -> &str {
    message["createdAt"].as_str().expect("a time").split_once('T').expect("a day").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_jump_changes_no_order_and_closes_no_socket() {
    let mut server = start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let begin = bob.feed_cursor().await;
    let before = position_of(&begin);
    let listener = Listener::start(server.address, &bob, Feed::Events, &begin);
    let mut quiet = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    let mut days = Vec::new();
    let mut cursors = Vec::new();
    for (number, offset) in (0..).zip([0, 8 * DAY, -HOUR, 8 * DAY, -HOUR]) {
        set_clock(&server, offset);
        for part in 1..=3 {
            let sent = ada.send(&Message::new(bob.as_recipient(), format!("at {offset}"))).await;
            assert_eq!(sent["seq"], number * 3 + part);
            days.push(day(&sent).to_owned());
            cursors.push(sent["feedCursor"].as_str().expect("a cursor").to_owned());
        }
    }
    assert!(days[3] > days[0] && days[3] > days[6], "the clock was set: {days:?}");

    // By seq and not by time, forward and backward.
    let query = "{ conversations { nodes { messages(last: 15) { nodes { seq } } } } }";
    let read = ada.ask(query, json!({})).await;
    let seqs: Vec<Value> = (1..=15).map(|seq| json!({ "seq": seq })).collect();
    assert_eq!(read["conversations"]["nodes"][0]["messages"]["nodes"], json!(seqs));
    let log = Log::read(&server).await;
    log.has_no_gap();
    // Cursors from before and after a jump.
    for (number, cursor) in cursors.iter().enumerate() {
        let late = Listener::start(server.address, &bob, Feed::Messages, cursor);
        if number < 14 {
            let record = late.received_up_to(log.last_of(&bob.id)).await;
            assert_eq!(record.len(), 14 - number);
        }
    }
    // The server pings a silent socket by the monotonic clock.
    tokio::time::timeout(limits::PING_EVERY * 2, quiet.is_pinged()).await.expect("a ping").expect("the socket lives");
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    record.is_complete(&log, before);
    assert_eq!(record.cuts(), 0);
    server.stop().await;
    is_sound(&server).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn sessions_end_by_the_clock() {
    let mut server = start().await;
    let ada = server.user("Ada").await;
    let me = "{ me { id } }";
    for offset in [29 * DAY, -HOUR] {
        set_clock(&server, offset);
        assert_eq!(ada.ask(me, json!({})).await["me"]["id"], json!(ada.id), "at {offset}");
    }

    set_clock(&server, 31 * DAY);

    let ended = ada.execute("{ feedCursor }", json!({})).await;
    assert_eq!(code(&ended), "UNAUTHENTICATED");
    let login = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
    let again = ada.ask(login, json!({ "input": { "email": ada.email, "password": PASSWORD } })).await;
    assert_eq!(again["login"]["user"]["id"], json!(ada.id));
    server.stop().await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
