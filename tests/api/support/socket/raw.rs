//! What is below the protocol and beside it.

use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;

use super::*;

impl Socket {
    /// Signs in with a `resumeFrom`.
    pub async fn resuming(address: SocketAddr, token: &str, resume_from: Value) -> Self {
        Self::signed_in(address, token, json!({ "resumeFrom": resume_from })).await
    }

    /// A socket that is acknowledged and for which the system holds as little as it can: who does not read it makes the
    /// server wait soon.
    pub async fn narrow(address: SocketAddr, token: &str) -> Self {
        let tcp = TcpSocket::new_v4().expect("a socket");
        tcp.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = MaybeTlsStream::Plain(soon(tcp.connect(address)).await.expect("a connection"));
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        let mut socket = Self { inner: soon(client_async(request, stream)).await.expect("an upgrade").0 };
        socket
            .say(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }))
            .await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Opens a socket at another path or with a query string.
    pub async fn open_at(address: SocketAddr, path: &str) -> Self {
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        Self { inner: soon(connect_async(request)).await.expect("an upgrade").0 }
    }

    /// Signs in, or returns how the socket was closed.
    pub async fn try_sign_in(address: SocketAddr, token: &str) -> Result<Self, Closed> {
        let mut socket = Self::open(address).await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        socket.next_or_closed().await.map(|_| socket)
    }

    /// Says something to a server that may have closed the socket.
    pub async fn try_say(&mut self, message: Value) -> Result<(), Error> {
        self.inner.send(Message::text(message.to_string())).await
    }

    /// Sends a ping of the WebSocket itself to a server that may have closed the socket.
    pub async fn try_ping(&mut self) -> Result<(), Error> {
        self.inner.send(Message::Ping(vec![1].into())).await
    }

    /// Says something that is no JSON of ours.
    pub async fn say_text(&mut self, text: &str) {
        self.say_raw(Message::text(text)).await;
    }

    /// The next message, as it came.
    pub async fn next_text(&mut self) -> String {
        loop {
            match soon(self.inner.next()).await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// Waits for a pong of the WebSocket itself.
    pub async fn next_pong(&mut self) -> Vec<u8> {
        loop {
            match soon(self.inner.next()).await {
                Some(Ok(Message::Pong(bytes))) => return bytes.to_vec(),
                Some(Ok(_)) => {}
                other => panic!("no pong: {other:?}"),
            }
        }
    }

    /// The code of the next message, which has to be an `error` of this operation.
    pub async fn next_error(&mut self, id: &str) -> String {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {message}")).to_owned()
    }

    /// The next event of a subscription to `events` with the id `1` that is not CaughtUp.
    pub async fn next_happening(&mut self) -> Value {
        loop {
            let event = self.next_event().await;
            if event["__typename"] != "CaughtUp" {
                return event;
            }
        }
    }

    /// The next event, which has to be a line that says what happened in a conversation.
    pub async fn next_line(&mut self) -> Value {
        let event = self.next_event().await;
        let (kind, text) = (&event["__typename"], &event["message"]["text"]);
        assert!(*kind == "MessageAdded" && text.is_null(), "{event}");
        event
    }

    /// All events of a replay, up to CaughtUp; then the cursor of that.
    pub async fn replay(&mut self) -> (Vec<Value>, String) {
        let mut events = Vec::new();
        loop {
            let event = self.next_event().await;
            if event["__typename"] == "CaughtUp" {
                return (events, event["cursor"].as_str().expect("a cursor").to_owned());
            }
            events.push(event);
        }
    }
}
