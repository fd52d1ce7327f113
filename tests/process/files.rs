//! Few file descriptors: new connections wait, and existing ones go on.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Line, Message, Server, code, soon};

/// So few that its own files leave no room for 64 connections, the least that it accepts.
const FILES: usize = 80;
/// Many more than can be accepted.
const CONNECTIONS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_file_descriptors_left_only_new_connections_wait() {
    let launcher = ["bash", "-c", &format!("ulimit -n {FILES} && exec \"$@\""), "bash"].map(str::to_owned);
    let mut server = Server::prepare(&[("RATE_LIMITS", "off")]).launched_by(launcher.to_vec());
    server.start_again().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut line = soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket");
    line.subscribe("live", "subscription { messageAdded { text } }", &json!({})).await.expect("the socket takes it");

    // The system accepts them until the backlog is full, and the server when it can.
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(soon(TcpStream::connect(server.address)).await.expect("a connection"));
    }
    server.says("cannot accept connections").await;

    let before = server.cpu_time();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = server.cpu_time() - before;
    assert!(used < Duration::from_millis(400), "it spins: {used:?} of processor time in two seconds");
    let send = Message::new(bob.as_recipient(), "still here");
    line.subscribe("send", crate::support::SEND, &send.variables()).await.expect("the socket takes it");
    let mut received = Vec::new();
    while received.len() < 2 {
        let said = soon(line.next()).await.expect("the socket lives");
        if said["type"] == "next" {
            assert!(said["payload"].get("errors").is_none(), "{}", code(&said["payload"]));
            received.push(said["id"].as_str().expect("an id").to_owned());
        }
    }
    received.sort();
    assert_eq!(received, ["live", "send"]);

    drop(connections);
    let mut next = soon(TcpStream::connect(server.address)).await.expect("a connection");
    next.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("the server takes it");
    let mut answer = String::new();
    soon(next.read_to_string(&mut answer)).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let complaints = server.log().matches("cannot accept connections").count();
    assert!(complaints < 30, "{complaints} lines, where one a second is enough");
    server.stop().await;
}
