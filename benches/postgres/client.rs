//! Clients: people with accounts over HTTP, and their sockets.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const PASSWORD: &str = "correct horse 7 battery";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id seq } }";

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with an account, signed in, with a connection of their own.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    pub address: SocketAddr,
    pub http: reqwest::Client,
}

impl Person {
    async fn sign_up(address: SocketAddr, number: usize) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let email = format!("person{number}@example.com");
        let mut person = Self { id: String::new(), token: String::new(), address, http };
        let input = json!({ "fullName": format!("Person {number}"), "email": email, "password": PASSWORD });
        let query = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let made = person.ask(query, json!({ "input": input })).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (person.id, person.token) = (text(&made["signup"]["user"]["id"]), text(&made["signup"]["token"]));
        person
    }

    /// So many people, each their own.
    pub async fn sign_up_all(address: SocketAddr, people: usize) -> Vec<Self> {
        let mut all = Vec::new();
        for number in 0..people {
            all.push(Self::sign_up(address, number).await);
        }
        all
    }

    /// Executes a document that has to go well; its data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let url = format!("http://{}/graphql", self.address);
        let mut request = self.http.post(url).json(&json!({ "query": query, "variables": variables }));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.timeout(PATIENCE).send().await.expect("an answer");
        let mut answer: Value = answer.json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    pub async fn send(&self, to: &Value) {
        let text = "The quick brown fox jumps over the lazy dog, and the dog does not even look up from its nap.";
        self.ask(SEND, json!({ "input": { "to": to, "text": text } })).await;
    }

    /// Opens a socket and subscribes.
    pub async fn subscribe(&self, document: &str) -> Socket {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        // Less than the client's default of 128 KiB.
        let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
        let (stream, _) = connect_async_with_config(request, Some(config), true).await.expect("a socket");
        let mut socket = Socket(stream);
        let authorization = format!("Bearer {}", self.token);
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
        socket.next().await;
        socket.say(json!({ "type": "subscribe", "id": "1", "payload": { "query": document } })).await;
        socket
    }
}

/// A socket with one subscription.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the server listens");
    }

    /// The server's next message.
    pub async fn next(&mut self) -> Utf8Bytes {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a message in time").expect("the server is there") {
                Ok(Message::Text(text)) => return text,
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }
}
