//! Clients that exceed the limits of a socket.

use futures_util::future::join_all;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{Closed, Socket, TestApp};

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

#[tokio::test]
async fn a_person_has_twenty_sockets_at_most() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(ada.socket().await);
    }

    let mut one_more = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {}", ada.token) });
    one_more.say(json!({ "type": "connection_init", "payload": payload })).await;

    assert_eq!(one_more.next_or_closed().await, Err(closed(1008, "Too many connections")));
    bob.socket().await;
    sockets.pop().expect("a socket").cut().await;
    // As soon as the server has noticed that one is gone, there is room.
    while Socket::try_sign_in(app.address, &ada.token).await.is_err() {}
}

#[tokio::test]
async fn an_address_has_64_unauthenticated_sockets_at_most() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let ada = app.user("Ada").await;
    let open = async |client: &str| Socket::open_with(app.address, &[("x-forwarded-for", client)]).await;
    let mut silent = join_all((0..64).map(|_| open("198.51.100.1"))).await;

    let Err(Error::Http(refused)) = open("198.51.100.1").await else { panic!("an upgrade") };

    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (429, &b"5"[..]));
    open("198.51.100.2").await.expect("an upgrade of somebody else");
    let mut socket = silent.pop().expect("a socket").expect("an upgrade");
    let payload = json!({ "authorization": format!("Bearer {}", ada.token) });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    open("198.51.100.1").await.expect("an upgrade, as one of the 64 has begun");
}

#[tokio::test]
async fn a_burst_of_frames_is_accepted_and_a_flood_closes_the_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.socket().await;
    for _ in 0..245 {
        socket.say(json!({ "type": "ping" })).await;
    }
    for _ in 0..245 {
        assert_eq!(socket.next().await["type"], "pong");
    }

    let mut flood = ada.socket().await;
    for _ in 0..1_000 {
        if flood.try_say(json!({ "type": "complete", "id": "x" })).await.is_err() {
            break;
        }
    }

    assert_eq!(flood.closed().await, closed(1008, "Too many frames"));
    socket.stays_silent().await;
}

#[tokio::test]
async fn websocket_pings_count_as_frames() {
    let app = TestApp::start().await;
    let mut flood = app.user("Ada").await.socket().await;

    for _ in 0..1_000 {
        if flood.try_ping().await.is_err() {
            break;
        }
    }

    assert_eq!(flood.closed().await, closed(1008, "Too many frames"));
}

#[tokio::test]
async fn a_flood_before_the_acknowledgement_closes_the_socket() {
    let app = TestApp::start().await;
    let mut flood = Socket::open(app.address).await;

    for _ in 0..1_000 {
        if flood.try_say(json!({ "type": "pong" })).await.is_err() {
            break;
        }
    }

    assert_eq!(flood.closed().await, closed(1008, "Too many frames"));
}

#[tokio::test]
async fn a_resume_from_has_a_thousand_entries_at_most() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let entries = |count: usize| -> serde_json::Map<_, _> { (0..count).map(|n| (n.to_string(), json!("c"))).collect() };
    Socket::resuming(app.address, &ada.token, json!(entries(1_000))).await;

    let mut socket = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {}", ada.token), "resumeFrom": entries(1_001) });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(4400, "Too many entries in resumeFrom")));
}
