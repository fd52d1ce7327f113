//! A crowd of useless connections: those of one address take neither the memory nor the connections of others, and
//! health checks are always answered.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{PASSWORD, Server, soon};
use parlour::limits;

/// Loopback addresses, from which an attacker and others connect.
const CROWD: [u8; 4] = [127, 0, 0, 1];
const OTHER: [u8; 4] = [127, 0, 0, 2];

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const READY: &str = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const QUERY: &str = "GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SOCKET: &str = "GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// A body that never arrives: it keeps a connection busy for half a minute. The server logs when it waits.
const HALF: &str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
    Content-Length: 10000\r\nExpect: 100-continue\r\n\r\n";

async fn connect(from: impl Into<IpAddr>, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    soon(socket.connect(to)).await.expect("a connection")
}

/// Sends a request on a connection and reads the beginning of its answer; empty if the connection is closed.
async fn ask(line: &mut TcpStream, request: &str) -> String {
    let mut answer = vec![0; 4096];
    let asked = async {
        line.write_all(request.as_bytes()).await?;
        line.read(&mut answer).await
    };
    let length = soon(asked).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

async fn ask_from(from: [u8; 4], server: &Server, request: &str) -> String {
    ask(&mut connect(from, server.address).await, request).await
}

fn is_ok(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
}

fn must_wait(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer:?}");
    assert!(answer.contains("retry-after: 5\r\n") && answer.contains("connection: close\r\n"), "{answer:?}");
    assert!(answer.contains(r#""code":"SERVICE_UNAVAILABLE""#), "{answer:?}");
}

/// Busy connections: each has started a request that never continues.
async fn busy(from: [u8; 4], server: &Server, how_many: usize) -> Vec<TcpStream> {
    let mut lines = Vec::new();
    for _ in 0..how_many {
        let mut line = connect(from, server.address).await;
        let answer = ask(&mut line, HALF).await;
        assert!(answer.starts_with("HTTP/1.1 100 "), "{answer:?}");
        lines.push(line);
    }
    lines
}

/// A server that can hold this many connections.
async fn server_for(connections: u64) -> Server {
    let files = connections + limits::RESERVED_FILES;
    let launcher = ["bash", "-c", &format!("ulimit -n {files} && exec \"$@\""), "bash"].map(str::to_owned);
    let mut server = Server::prepare(&[]).launched_by(launcher.to_vec());
    server.start_again().await;
    server
}

/// Whether `parlour healthcheck` exits with 0.
async fn is_healthy(server: &Server) {
    let ended = server.run("healthcheck").await;
    assert!(ended.status.success(), "{ended:?}");
}

const HALF_BODIES: usize = 1_000;
/// What the crowd may cost: its bodies within their budget, and 64 KiB for each connection. It was 280 MB.
const MEMORY: u64 = (limits::VISITOR_BODY_BYTES + HALF_BODIES * 64 * 1024) as u64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_half_sent_bodies_use_little_memory_and_block_nobody() {
    // As the server raises its own limit.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).expect("more files");
    let mut server = Server::start().await;
    let ada = server.user("Ada").await;
    let before = server.memory().resident;

    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        limits::BODY_BYTES
    );
    let mut held = Vec::new();
    for _ in 0..HALF_BODIES {
        let mut line = connect(CROWD, server.address).await;
        let body = " ".repeat(limits::BODY_BYTES - 1);
        // The server may end it before all is sent.
        let _ = soon(line.write_all(format!("{head}{body}").as_bytes())).await;
        held.push(line);
    }
    // All are refused except those that fit into the budget, and a few that hold a part of it at that moment.
    let mut refused = HashSet::new();
    soon(async {
        while refused.len() < HALF_BODIES * 9 / 10 {
            for (number, line) in held.iter().enumerate() {
                let mut answer = [0; 12];
                if line.try_read(&mut answer).is_ok_and(|length| answer[..length] == *b"HTTP/1.1 503") {
                    refused.insert(number);
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let grown = server.memory().most.saturating_sub(before);
    println!("{HALF_BODIES} half-sent bodies took {} MB more; {} were refused", grown / 1_000_000, refused.len());
    assert!(grown < MEMORY, "{grown} bytes more for {HALF_BODIES} half-sent bodies");

    // Small requests pass, also from the same address, and so do larger ones of others and of people.
    let log_in = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
    let body = json!({ "query": log_in, "variables": { "input": { "email": ada.email, "password": PASSWORD } } });
    let large = json!({ "query": "{ __typename }", "extensions": { "room": " ".repeat(100_000) } });
    for (from, body) in [(CROWD, &body), (OTHER, &body), (OTHER, &large)] {
        let http = reqwest::Client::builder().no_proxy().local_address(IpAddr::from(from)).build().expect("a client");
        let answer = soon(http.post(server.url("/graphql")).json(body).send()).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "from {from:?}");
    }
    let request = server.http().post(server.url("/graphql")).bearer_auth(&ada.token).json(&large);
    assert_eq!(soon(request.send()).await.expect("an answer").status().as_u16(), 200);

    drop(held);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_the_connections_of_others() {
    let mut server = server_for(200).await;
    let share = 200 / limits::ADDRESS_CONNECTIONS_SHARE;
    let mut lines = busy(CROWD, &server, share).await;
    // Accepted one after the other: the next exceeds the share.
    for request in [QUERY, SOCKET, HALF] {
        must_wait(&ask_from(CROWD, &server, request).await);
    }
    server.says("127.0.0.1 has all 50 connections that one address may have").await;
    // A flood of silent ones does not change what others get.
    for _ in 0..limits::RESERVED_CONNECTIONS * 2 {
        lines.push(connect(CROWD, server.address).await);
    }

    for _ in 0..share {
        is_ok(&ask_from(OTHER, &server, QUERY).await);
        is_ok(&ask_from(CROWD, &server, HEALTH).await);
    }
    is_ok(&ask_from(CROWD, &server, READY).await);
    is_healthy(&server).await;
    // It is logged once in a while, not for each connection.
    assert_eq!(server.log().matches("connections that one address may have").count(), 1);

    drop(lines);
    soon(async {
        while !ask_from(CROWD, &server, QUERY).await.starts_with("HTTP/1.1 200 ") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_all_connections_busy_probes_are_answered_and_others_get_503() {
    let all = 2 * limits::ADDRESS_CONNECTIONS_LEAST;
    let mut server = server_for(all as u64).await;
    let mut lines = Vec::new();
    for from in [CROWD, OTHER] {
        lines.extend(busy(from, &server, limits::ADDRESS_CONNECTIONS_LEAST).await);
    }
    for from in [[127, 0, 0, 3], CROWD] {
        must_wait(&ask_from(from, &server, QUERY).await);
        is_ok(&ask_from(from, &server, HEALTH).await);
        is_ok(&ask_from(from, &server, READY).await);
        is_healthy(&server).await;
    }
    // A silent connection there is closed soon.
    let mut silent = connect([127, 0, 0, 3], server.address).await;
    assert_eq!(soon(silent.read(&mut [0; 1])).await.unwrap_or_default(), 0);
    drop(lines);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_all_connections_taken_idle_ones_of_the_fullest_address_are_closed() {
    let all = 2 * limits::ADDRESS_CONNECTIONS_LEAST;
    let mut server = server_for(all as u64).await;
    let few = busy(OTHER, &server, limits::ADDRESS_CONNECTIONS_LEAST - 1).await;
    // The health check has the same address as the crowd, and may hold one connection.
    let mut crowd = Vec::new();
    for _ in 0..all {
        let mut line = connect(CROWD, server.address).await;
        is_ok(&ask(&mut line, QUERY).await);
        crowd.push(line);
    }
    let mut third = connect([127, 0, 0, 3], server.address).await;
    is_ok(&ask(&mut third, QUERY).await);

    let mut newcomers = Vec::new();
    for last in 4..20 {
        let mut line = connect([127, 0, 0, last], server.address).await;
        is_ok(&ask(&mut line, QUERY).await);
        newcomers.push(line);
    }

    // Each of these addresses has one idle connection, but is not the fullest address.
    is_ok(&ask(&mut third, QUERY).await);
    is_ok(&ask(&mut newcomers[0], QUERY).await);
    let mut open = Vec::new();
    for line in &mut crowd {
        open.push(!ask(line, QUERY).await.is_empty());
    }
    let kept = open.iter().filter(|is_open| **is_open).count();
    assert!((1..limits::ADDRESS_CONNECTIONS_LEAST).contains(&kept), "{kept} of the crowd's connections were kept");
    assert!(open.is_sorted(), "the oldest go first: {open:?}");
    drop(few);
    server.stop().await;
}
