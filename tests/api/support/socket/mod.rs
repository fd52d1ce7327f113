//! A client's side of graphql-transport-ws, without any help of a library that would hide what the server does.

mod raw;

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{SILENCE, secrets, soon};

/// The reason with which a socket without a token and a cookie is closed.
pub const NO_CREDENTIAL: &str =
    r#"Unauthorized: no cookie, and no {"authorization":"Bearer <token>"} in the payload of connection_init"#;

/// An open socket.
pub struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// How a socket was closed.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

impl Socket {
    /// Opens a socket with more headers than usual; nothing is said yet.
    pub async fn open_with(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        Ok(Self { inner: soon(connect_async(request)).await?.0 })
    }

    /// Opens a socket; nothing is said yet.
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[]).await.expect("an upgrade")
    }

    /// Opens a socket and signs in, with more in the payload than the token.
    pub async fn signed_in(address: SocketAddr, token: &str, mut payload: Value) -> Self {
        let mut socket = Self::open(address).await;
        payload["authorization"] = json!(format!("Bearer {token}"));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub async fn say(&mut self, message: Value) {
        secrets::keep(&message);
        self.say_raw(Message::text(message.to_string())).await;
    }

    pub async fn say_raw(&mut self, message: Message) {
        self.inner.send(message).await.expect("the socket takes it");
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub async fn complete(&mut self, id: &str) {
        self.say(json!({ "id": id, "type": "complete" })).await;
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Value {
        match self.next_or_closed().await {
            Ok(message) => message,
            Err(closed) => panic!("closed instead of a message: {closed:?}"),
        }
    }

    /// The next message of the protocol, or how the socket was closed.
    pub async fn next_or_closed(&mut self) -> Result<Value, Closed> {
        loop {
            let message = soon(self.inner.next()).await;
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Closed { code: frame.code.into(), reason: frame.reason.to_string() });
                }
                Some(Ok(Message::Close(None))) | Some(Err(_)) | None => {
                    return Err(Closed { code: 1006, reason: String::new() });
                }
                Some(Ok(_)) => {}
            }
        }
    }

    /// The data of the next message, which has to be a `next` of this operation.
    pub async fn next_data(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].take()
    }

    /// The next event of a subscription to `events` with the id `1`.
    pub async fn next_event(&mut self) -> Value {
        self.next_data("1").await["events"].take()
    }

    /// How the socket is closed; messages before that are ignored.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next_or_closed().await {
                return closed;
            }
        }
    }

    /// Nothing comes.
    pub async fn stays_silent(&mut self) {
        let received = tokio::time::timeout(SILENCE, self.next_or_closed()).await;
        assert!(received.is_err(), "{received:?}");
    }

    /// Cuts the line, without a word.
    pub async fn cut(self) {
        let MaybeTlsStream::Plain(stream) = self.inner.into_inner() else { return };
        // Without lingering the system sends a reset.
        let _ = stream.set_zero_linger();
    }
}
