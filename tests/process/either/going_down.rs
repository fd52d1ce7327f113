//! Signals to stop: requests in progress are answered, sockets are closed, and the process exits; a later signal exits at
//! once.

use std::time::{Duration, Instant};

use parlour::limits;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Closed, Line, Person, Server, soon};

/// Far less than the longest drain; there are only a few sockets.
const SECONDS: Duration = Duration::from_secs(5);

#[tokio::test]
async fn requests_in_progress_are_answered_and_then_sockets_closed_with_service_restart() {
    let mut server = Server::start_here(&[]).await;
    let ada = server.user("Ada").await;
    let half = HalfSent::begin(&server, &ada).await;
    let mut lines = Vec::new();
    for _ in 0..3 {
        lines.push(open(&server, &ada).await);
    }

    server.terminate();
    let asked = Instant::now();
    server.says("going down").await;

    // While a request is in progress, nobody is sent away, and who comes is not left waiting.
    assert!(!server.is_ready().await, "balancers send nobody here");
    lines.push(open(&server, &ada).await);
    let answer = half.finish().await;
    assert_eq!(answer["data"]["sendMessage"]["text"], "not cut off", "{answer}");
    for mut line in lines {
        assert_eq!(soon(line.next()).await.expect("the event")["type"], "next");
        assert_eq!(soon(line.next()).await, Err(Closed(1012)));
    }
    let ended = server.ended().await;
    assert_eq!(ended.code(), Some(0), "{}", server.log());
    assert!(asked.elapsed() < SECONDS, "it took {:?}", asked.elapsed());
    // Everything that was answered is stored.
    server.start_again().await;
    let count = "{ conversations { nodes { lastSeq } } }";
    assert_eq!(ada.ask(count, json!({})).await["conversations"]["nodes"], json!([{ "lastSeq": 2 }]));
    server.stop().await;
}

/// A socket that has caught up.
async fn open(server: &Server, person: &Person) -> Line {
    let mut line = soon(Line::open(server.address, &person.token, json!({}))).await.expect("a socket");
    line.subscribe("1", "subscription { events { cursor } }", &json!({})).await.expect("the socket takes it");
    assert_eq!(soon(line.next()).await.expect("a message")["type"], "next", "it has caught up");
    line
}

#[tokio::test]
async fn a_hangup_drains_like_a_termination() {
    let mut server = Server::start_here(&[]).await;
    let ada = server.user("Ada").await;
    let half = HalfSent::begin(&server, &ada).await;

    server.signal(Signal::HUP);
    server.says("going down").await;

    assert_eq!(half.finish().await["data"]["sendMessage"]["text"], "not cut off");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_server_under_nohup_outlives_its_terminal() {
    let mut server = Server::prepare_here(&[]).await.launched_by(vec!["nohup".to_owned()]);
    server.start_again().await;

    server.signal(Signal::HUP);
    // After a hangup that counts, no connection would be accepted.
    server.user("Ada").await;

    assert!(!server.log().contains("going down"), "{}", server.log());
    server.stop().await;
}

#[tokio::test]
async fn signals_that_come_together_do_not_cut_the_drain_short() {
    let mut server = Server::start_here(&[]).await;
    let ada = server.user("Ada").await;
    let half = HalfSent::begin(&server, &ada).await;

    server.signal(Signal::TERM);
    server.says("going down").await;
    // A wrapper passes the signal on, and systemd sends a hangup behind it.
    for again in [Signal::TERM, Signal::HUP, Signal::INT] {
        server.signal(again);
    }
    server.says("going down already").await;

    assert_eq!(half.finish().await["data"]["sendMessage"]["text"], "not cut off");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_later_signal_exits_at_once() {
    let mut server = Server::start_here(&[]).await;
    let ada = server.user("Ada").await;
    // A graceful shutdown would wait for it.
    let _half = HalfSent::begin(&server, &ada).await;
    let asked = Instant::now();

    // Again and again, until one is late enough.
    let ended = loop {
        server.signal(Signal::TERM);
        if let Some(ended) = server.ends_within(Duration::from_millis(100)).await {
            break ended;
        }
        assert!(asked.elapsed() < limits::DRAIN, "{}", server.log());
    };

    assert_eq!(ended.code(), Some(1), "{}", server.log());
    assert!(server.log().contains("ended before everything was answered"), "{}", server.log());
    let took = asked.elapsed();
    assert!(took >= limits::SIGNALS_TOGETHER && took < limits::DRAIN, "it took {took:?}");
}

/// A request whose body has not been sent, so that it stays in progress.
struct HalfSent {
    stream: TcpStream,
    body: String,
}

impl HalfSent {
    async fn begin(server: &Server, sender: &Person) -> Self {
        let group = sender.group("Alone", &[]).await;
        let query =
            "mutation($to: ConversationRef!) { sendMessage(input: { to: $to, text: \"not cut off\" }) { text } }";
        let body = json!({ "query": query, "variables": { "to": group } }).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            server.address,
            sender.token,
            body.len()
        );
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("the server takes it");
        // The server asks for the body, so it has read the request.
        let mut asked = [0; 25];
        soon(stream.read_exact(&mut asked)).await.expect("an interim answer");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    /// Sends the rest; the answer.
    async fn finish(mut self) -> Value {
        self.stream.write_all(self.body.as_bytes()).await.expect("the server takes it");
        let mut answer = String::new();
        soon(self.stream.read_to_string(&mut answer)).await.expect("an answer, and the end of the connection");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).expect("JSON")
    }
}
