//! A client of graphql-transport-ws that may be cut off at any moment without a panic.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

/// An acknowledged socket. Dropping it cuts the connection: the server gets a TCP reset and no close frame.
pub struct Line {
    inner: WebSocketStream<TcpStream>,
}

/// How a connection ended: the code of the server's close frame, 1006 if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed(pub u16);

impl Line {
    /// Connects and signs in, with more in the payload than the token.
    pub async fn open(address: SocketAddr, token: &str, mut payload: Value) -> Result<Self, Closed> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let broken = Closed(1006);
        let stream = TcpStream::connect(address).await.map_err(|_| broken)?;
        // Makes the system send a reset instead of an ordinary end, whenever it comes.
        stream.set_zero_linger().map_err(|_| broken)?;
        let (inner, _) = client_async(request, stream).await.map_err(|_| broken)?;
        let mut line = Self { inner };
        payload["authorization"] = json!(format!("Bearer {token}"));
        line.say(json!({ "type": "connection_init", "payload": payload })).await?;
        assert_eq!(line.next().await?, json!({ "type": "connection_ack" }));
        Ok(line)
    }

    pub async fn say(&mut self, message: Value) -> Result<(), Closed> {
        self.say_raw(Message::text(message.to_string())).await
    }

    pub async fn say_raw(&mut self, frame: Message) -> Result<(), Closed> {
        self.inner.send(frame).await.map_err(|_| Closed(1006))
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: &Value) -> Result<(), Closed> {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await
    }

    /// Waits for a WebSocket ping of the server.
    pub async fn is_pinged(&mut self) -> Result<(), Closed> {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Ping(_))) => return Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Closed(1006)),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Result<Value, Closed> {
        loop {
            match self.inner.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => return Err(Closed(frame.code.into())),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(Closed(1006)),
                Some(Ok(_)) => {}
            }
        }
    }
}
