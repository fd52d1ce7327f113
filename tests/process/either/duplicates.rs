//! One message, sent many times at once.

use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{Feed, Line, Listener, Log, Message, Person, SEND, Server, soon};

/// The number of HTTP connections and of sockets, and how often each sends.
const DOORS: usize = 5;
const TIMES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_sends_of_one_message_are_one_also_after_a_restart() {
    let mut server = Server::start_here(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let start = bob.feed_cursor().await;
    let listener = Listener::start(server.address, &bob, Feed::Events, &start);
    let message = Message::new(bob.as_recipient(), "once");

    let answers = send_fifty_times(&server, &ada, &message).await;
    let first = answers[0].clone();
    assert_eq!((&first["id"], &first["seq"]), (&message.id.as_str().into(), &1.into()));
    assert!(answers.iter().all(|answer| *answer == first), "{answers:#?}");

    server.stop().await;
    server.start_again().await;
    let answers = send_fifty_times(&server, &ada, &message).await;
    assert!(answers.iter().all(|answer| *answer == first), "{answers:#?}");

    // The next message is the second one, and the last event: two joined, two messages.
    let next = ada.send(&Message::new(bob.as_recipient(), "next")).await;
    assert_eq!(next["seq"], 2);
    let log = Log::read(&server).await;
    log.has_no_gap();
    assert_eq!(log.messages.len(), 2);
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    record.is_complete(&log, 0);
    assert_eq!(record.len(), 3);
    server.stop().await;
}

/// All answers.
async fn send_fifty_times(server: &Server, sender: &Person, message: &Message) -> Vec<Value> {
    let over_http = (0..DOORS).map(|_| async {
        let sender = sender.with_own_connections();
        join_all((0..TIMES).map(|_| sender.send(message))).await
    });
    let over_sockets = (0..DOORS).map(|_| async {
        let mut line = Line::open(server.address, &sender.token, serde_json::json!({})).await.expect("a socket");
        send_over(&mut line, message).await
    });
    let (http, sockets) = soon(async { tokio::join!(join_all(over_http), join_all(over_sockets)) }).await;
    let answers: Vec<Value> = http.into_iter().chain(sockets).flatten().collect();
    assert_eq!(answers.len(), 50);
    answers
}

async fn send_over(line: &mut Line, message: &Message) -> Vec<Value> {
    for time in 0..TIMES {
        line.subscribe(&time.to_string(), SEND, &message.variables()).await.expect("the socket takes it");
    }
    let (mut answers, mut completed) = (Vec::new(), 0);
    while completed < TIMES {
        let mut said = line.next().await.expect("the socket stays open");
        match said["type"].as_str() {
            Some("next") => answers.push(said["payload"]["data"]["sendMessage"].take()),
            Some("complete") => completed += 1,
            _ => panic!("not an answer: {said}"),
        }
    }
    answers
}
