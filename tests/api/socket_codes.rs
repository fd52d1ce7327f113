//! The codes with which the server closes sockets; stock clients decide by them whether to reconnect.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

use crate::support::{Closed, EVENTS, Socket, TestApp, soon};

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

fn init(token: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })
}

#[tokio::test]
async fn a_socket_without_connection_init_is_closed_after_five_seconds() {
    let app = TestApp::start().await;
    let begun = Instant::now();
    let mut socket = Socket::open(app.address).await;

    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");

    assert_eq!(socket.next_or_closed().await, Err(closed(4408, "Connection initialisation timeout")));
    let waited = begun.elapsed();
    assert!(waited > Duration::from_millis(4_500) && waited < Duration::from_secs(10), "{waited:?}");
}

#[tokio::test]
async fn a_second_connection_init_closes_the_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.socket().await;

    socket.say(init(&ada.token)).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(4429, "Too many initialisation requests")));
}

#[tokio::test]
async fn subscribing_before_the_acknowledgement_closes_the_socket() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(app.address).await;

    socket.subscribe("1", "{ me { id } }", json!({})).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(4401, "Unauthorized")));
}

#[tokio::test]
async fn a_duplicate_operation_id_closes_the_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.follow().await;

    socket.subscribe("1", EVENTS, json!({})).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(4409, "Subscriber already exists")));
}

#[tokio::test]
async fn an_operation_id_can_be_reused_after_its_operation() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.follow().await;

    socket.complete("1").await;
    socket.subscribe("1", "{ me { id } }", json!({})).await;

    assert_eq!(socket.next_data("1").await["me"]["id"], ada.id);
    assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    socket.subscribe("1", EVENTS, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
}

#[tokio::test]
async fn an_invalid_message_closes_the_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut reasons = Vec::new();
    let long = json!({ "id": "x".repeat(10_000), "type": "subscribe", "payload": { "query": "{ me { id } }" } });

    for text in [
        "",
        "{",
        "[]",
        "null",
        "7",
        r#"{"type":"start","id":"1","payload":{"query":"{ me { id } }"}}"#,
        r#"{"type":7}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ me { id } }"}}"#,
        r#"{"type":"subscribe","id":1,"payload":{"query":"{ me { id } }"}}"#,
        r#"{"type":"connection_init","payload":7}"#,
        r#"{"type":"complete"}"#,
        &"[".repeat(60_000),
        &long.to_string(),
    ] {
        let mut socket = ada.socket().await;
        socket.say_text(text).await;
        let Err(closed) = socket.next_or_closed().await else { panic!("not closed after {text}") };
        reasons.push(format!("{} {}: {text:.60}", closed.code, closed.reason));
    }
    assert_json_snapshot!(reasons, @r#"
    [
      "4400 Invalid message: ",
      "4400 Invalid message: {",
      "4400 Invalid message: []",
      "4400 Invalid message: null",
      "4400 Invalid message: 7",
      "4400 Invalid message type: {\"type\":\"start\",\"id\":\"1\",\"payload\":{\"query\":\"{ me { id } }\"}",
      "4400 Invalid message: {\"type\":7}",
      "4400 Empty id: {\"type\":\"subscribe\",\"id\":\"\",\"payload\":{\"query\":\"{ me { id } ",
      "4400 Invalid message: {\"type\":\"subscribe\",\"id\":1,\"payload\":{\"query\":\"{ me { id } }",
      "4400 connection_init takes {\"authorization\":\"Bearer <token>\",\"resumeFrom\":{\"<operation id>\":\"<cursor>\"}}: {\"type\":\"connection_init\",\"payload\":7}",
      "4400 Message without an id: {\"type\":\"complete\"}",
      "4400 Invalid message: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
      "4400 Id too long: {\"id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    ]
    "#);
}

#[tokio::test]
async fn a_binary_frame_closes_the_socket() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    socket.say_raw(Message::binary(br#"{"type":"ping"}"#.to_vec())).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(4400, "Binary message")));
}

#[tokio::test]
async fn text_that_is_not_utf_8_closes_the_socket() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    let header = FrameHeader { opcode: OpCode::Data(Data::Text), mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
    socket.say_raw(Message::Frame(Frame::from_payload(header, vec![0xff, 0xfe, 0xfd].into()))).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(1007, "Not UTF-8")));
}

#[tokio::test]
async fn a_frame_of_64_kib_is_accepted_and_one_more_byte_is_rejected() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let of_size = |size: usize| {
        let message = json!({ "type": "ping", "payload": "" }).to_string();
        message.replacen("\"\"", &format!("\"{}\"", "x".repeat(size - message.len())), 1)
    };
    let mut socket = ada.socket().await;
    socket.say_text(&of_size(64 * 1024)).await;
    assert_eq!(socket.next().await["type"], "pong");

    socket.say_text(&of_size(64 * 1024 + 1)).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(1009, "Frame too large")));
}

#[tokio::test]
async fn a_fragmented_message_has_the_same_limit() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    for number in 0..5 {
        let opcode = OpCode::Data(if number == 0 { Data::Text } else { Data::Continue });
        let header = FrameHeader { opcode, is_final: false, mask: Some([0; 4]), ..FrameHeader::default() };
        socket.say_raw(Message::Frame(Frame::from_payload(header, vec![b'x'; 16 * 1024].into()))).await;
    }

    assert_eq!(socket.next_or_closed().await, Err(closed(1009, "Frame too large")));
}

#[tokio::test]
async fn a_stopping_server_closes_sockets_with_service_restart() {
    let mut app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut sockets = vec![Socket::open(app.address).await, ada.socket().await, ada.follow().await];

    app.begin_to_stop();

    for socket in &mut sockets {
        assert_eq!(socket.next_or_closed().await, Err(closed(1012, "Service restart")));
    }
    soon(app.stop()).await;
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.follow().await;

    socket.say_raw(Message::Close(None)).await;

    assert_eq!(socket.next_or_closed().await, Err(closed(1006, "")));
}
