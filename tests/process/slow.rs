//! Slow and silent clients: each is closed at its deadline, and nobody else waits for them.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Feed, Line, Listener, Log, Message, Server, soon};
use parlour::limits;

const SECOND: Duration = Duration::from_secs(1);
/// The tolerance for a machine that is busy with other tests.
const LATE: Duration = Duration::from_secs(8);

/// How long the server kept a connection, and what it sent until then.
struct End {
    after: Duration,
    said: String,
}

impl End {
    fn is_within_time(&self, due: Duration) {
        assert!(self.after > due - SECOND / 10, "given up after {:?}, due after {due:?}: {}", self.after, self.said);
        assert!(self.after < due + LATE, "given up after {:?}, due after {due:?}: {}", self.after, self.said);
    }
}

/// Sends `head` at once and then a byte of `drops` every second, and reads until the server closes the connection.
async fn drip(server: &Server, head: &str, drops: &str) -> End {
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let began = Instant::now();
    let (mut read, mut write) = stream.into_split();
    write.write_all(head.as_bytes()).await.expect("the server takes it");
    let dripping = async {
        for drop in drops.as_bytes() {
            tokio::time::sleep(SECOND).await;
            // The server may have closed the connection, which the reader notices.
            let _ = write.write_all(&[*drop]).await;
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    let reading = async {
        // A reset closes it too.
        let _ = read.read_to_end(&mut said).await;
        began.elapsed()
    };
    let after = tokio::select! {
        after = tokio::time::timeout(limits::BODY_READ * 2, reading) => after.expect("the server ends it"),
        () = dripping => unreachable!("it never ends"),
    };
    End { after, said: String::from_utf8_lossy(&said).into_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_is_closed_in_time() {
    let mut server = Server::start().await;
    let post = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{{",
        server.address
    );
    let drops = "x".repeat(90);
    let (silent, headers, body, unread) = tokio::join!(
        drip(&server, "", ""),
        drip(&server, "GET /healthz HTTP/1.1\r\nX: ", &drops),
        drip(&server, &post, &drops),
        never_reads(&server),
    );

    silent.is_within_time(limits::HEADER_READ);
    assert_eq!(silent.said, "");
    // A byte per second does not restart the deadline.
    headers.is_within_time(limits::HEADER_READ);
    assert_eq!(headers.said, "");
    body.is_within_time(limits::BODY_READ);
    assert!(body.said.starts_with("HTTP/1.1 408 "), "{}", body.said);
    assert!(body.said.contains(r#""code":"SERVICE_UNAVAILABLE""#), "{}", body.said);
    assert!(unread > limits::WRITE_WAIT - SECOND, "given up after {unread:?}");
    println!("silent {:?}, headers {:?}, body {:?}, unread {unread:?}", silent.after, headers.after, body.after);
    server.stop().await;
}

/// Sends requests without end and never reads an answer; how long until the server closes the connection. Once the
/// answers fill the system's buffers on both sides, the server can't write.
async fn never_reads(server: &Server) -> Duration {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let ask =
        b"GET /graphql?query={__schema{types{name,description,fields{name,description}}}} HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stalled = Instant::now();
    loop {
        // While the server answers, it also reads, so writing to it succeeds.
        match tokio::time::timeout(limits::WRITE_WAIT + LATE, stream.write(ask)).await.expect("the server ends it") {
            Ok(written) if written > 0 => stalled = Instant::now(),
            Ok(_) | Err(_) => return stalled.elapsed(),
        }
    }
}

/// The number of silent clients of each kind: connections without a request, and silent sockets.
const SILENT: usize = 1_000;
/// Ten times the allowed duration of the third slowest of two hundred queries.
const QUERY: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_silent_clients_block_nobody() {
    // As the server raises its own limit.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).expect("more files");
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut sockets = Vec::new();
    for _ in 0..SILENT {
        let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
        line.subscribe("1", "subscription { events { cursor } }", &json!({})).await.expect("the socket takes it");
        sockets.push(line);
    }
    // These are closed after a while, so they come last.
    let mut connections = Vec::new();
    for _ in 0..SILENT {
        connections.push(soon(TcpStream::connect(server.address)).await.expect("a connection"));
    }

    let mut took = Vec::new();
    for number in 1..=200 {
        let began = Instant::now();
        assert_eq!(soon(ada.ask("{ me { id } }", json!({}))).await["me"]["id"], ada.id);
        took.push(began.elapsed());
        if number % 50 == 0 {
            // Each of the sockets receives it.
            let sent = soon(ada.send(&Message::new(bob.as_recipient(), format!("message {number}")))).await;
            assert_eq!(sent["seq"], number / 50);
        }
    }
    took.sort();
    println!("queries took {:?} in the middle, {:?} at p99", took[100], took[198]);
    assert!(took[198] <= QUERY, "{took:?}");

    // A silent socket stays open: all of them have received it.
    for line in &mut sockets {
        let said = soon(line.next()).await.expect("the socket lives");
        assert_eq!(said["type"], "next", "{said}");
    }
    // A connection without a request does not: each is closed.
    for connection in &mut connections {
        let read = soon(connection.read(&mut [0; 1])).await;
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    }
    server.stop().await;
}

/// An open stream of events whose client can hold little.
async fn event_stream(server: &Server, token: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut stream = socket.connect(server.address).await.expect("a connection");
    let body = json!({ "query": "subscription { events { __typename ... on MessageAdded { message { text } } } }" })
        .to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.expect("the server takes it");
    let mut opening = [0; 1_024];
    let read = soon(stream.read(&mut opening)).await.expect("an answer");
    assert!(opening[..read].starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&opening[..read]));
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_that_is_not_read_is_closed_and_a_silent_one_gets_heartbeats() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob, carl) = (server.user("Ada").await, server.user("Bob").await, server.user("Carl").await);
    let mut silent = event_stream(&server, &carl.token).await;
    let mut unread = event_stream(&server, &bob.token).await;
    let listener = Listener::start(server.address, &bob, Feed::Messages, &bob.feed_cursor().await);

    // More than the buffers of both systems hold.
    let text = "長".repeat(4_000);
    for _ in 0..1_000 {
        ada.send(&Message::new(bob.as_recipient(), &text)).await;
    }
    let log = Log::read(&server).await;
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    assert_eq!(record.len(), 1_000, "others of the same person wait for nobody");
    tokio::time::sleep(limits::WRITE_WAIT + LATE).await;
    let mut rest = Vec::new();
    // A reset closes it too.
    let _ = soon(unread.read_to_end(&mut rest)).await;
    assert!(rest.len() < 1_000 * text.len(), "it was closed before its end, after {} bytes", rest.len());

    let mut heard = Vec::new();
    let beats = async {
        while heard.iter().filter(|byte| **byte == b':').count() < 2 {
            let mut chunk = [0; 256];
            let read = silent.read(&mut chunk).await.expect("it stays open");
            assert_ne!(read, 0, "it stays open: {}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&chunk[..read]);
        }
    };
    tokio::time::timeout(limits::PING_EVERY * 2 + LATE, beats).await.expect("heartbeats");
    server.stop().await;
}
