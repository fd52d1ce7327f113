//! Hostile documents against the real program: each is rejected quickly and leaks nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::hostile::hostile;
use crate::support::{Line, Person, Server, code, soon};

/// How often each is sent to measure its processor time, which the system counts in ticks of 10 ms.
const TIMES: u32 = 20;
/// Ten times the allowed time.
const CPU: Duration = Duration::from_millis(500);
/// How often each is sent to measure what it leaks.
const MORE: u32 = 100;
/// What the allocator may keep for later requests.
const KEPT: u64 = 5 * 1024 * 1024;

async fn by_http(server: &Server, document: &str, expected: &str, times: u32) {
    let body = json!({ "query": document }).to_string();
    for _ in 0..times {
        let request = server.http().post(server.url("/graphql")).header("content-type", "application/json");
        let answer = soon(request.body(body.clone()).send()).await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(code(&answer), expected, "{document:.80}: {answer}");
    }
}

/// Over several sockets, because each has a limited burst of frames.
async fn by_socket(server: &Server, person: &Person, document: &str, expected: &str, times: u32) {
    let mut line = soon(Line::open(server.address, &person.token, json!({}))).await.expect("a socket");
    for number in 0..times {
        line.subscribe(&number.to_string(), document, &json!({})).await.expect("the socket takes it");
        let answer = soon(line.next()).await.expect("the socket lives");
        assert_eq!(answer["payload"][0]["extensions"]["code"], expected, "{document:.80}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_hostile_document_is_rejected_quickly_and_leaks_nothing() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let ada = server.user("Ada").await;
    let mut most = (Duration::ZERO, "");
    for (name, document, expected) in &hostile() {
        let before = server.cpu_time();
        by_http(&server, document, expected, TIMES).await;
        let http = server.cpu_time();
        by_socket(&server, &ada, document, expected, TIMES).await;
        let socket = (server.cpu_time() - http) / TIMES;
        let http = (http - before) / TIMES;
        println!("{name}: {http:?} by HTTP, {socket:?} by a socket");
        assert!(http <= CPU && socket <= CPU, "{name} takes {http:?} by HTTP and {socket:?} by a socket");
        most = most.max((http.max(socket), name));
    }

    let before = server.memory();
    for (_, document, expected) in &hostile() {
        tokio::join!(by_http(&server, document, expected, MORE), by_socket(&server, &ada, document, expected, MORE),);
    }
    let after = server.memory();

    println!("at most {:?}, by {}; memory {before:?}, then {after:?}", most.0, most.1);
    assert!(after.resident <= before.resident + KEPT, "memory grew from {before:?} to {after:?}");
    assert!(after.most <= before.most + KEPT, "memory was {before:?}, and {after:?} at a time");
    assert_eq!(soon(ada.ask("{ me { id } }", json!({}))).await["me"]["id"], ada.id);
    server.stop().await;
}
