//! Subscriptions whose connection must stay open.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Line, Person};

/// A socket with a subscription that has begun.
pub async fn follow(person: &Person, at: SocketAddr, document: &str, variables: &Value) -> Line {
    let mut line = Line::open(at, &person.token, json!({})).await.expect("a line");
    line.subscribe("1", document, variables).await.expect("it is open");
    line.say(json!({ "type": "ping" })).await.expect("it is open");
    while line.next().await.expect("it is open")["type"] != "pong" {}
    line
}

/// The data of the next result.
pub async fn next(line: &mut Line) -> Value {
    loop {
        let mut frame = line.next().await.expect("it stays open");
        match frame["type"].as_str() {
            Some("next") => return frame["payload"]["data"].take(),
            Some("ping") => line.say(json!({ "type": "pong" })).await.expect("it is open"),
            _ => {}
        }
    }
}
