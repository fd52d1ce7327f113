//! A user of the API.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Socket, TestApp, code, secrets, when_available};

/// A person with an account, signed in.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub token: String,
    pub address: SocketAddr,
    http: reqwest::Client,
}

pub const PASSWORD: &str = "correct horse 7 battery";

impl Person {
    pub async fn sign_up(app: &TestApp, name: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let input = json!({ "fullName": name, "email": email, "password": PASSWORD });
        let query = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let answer = app.execute(None, query, json!({ "input": input })).await;
        let payload = &answer["data"]["signup"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no sign-up: {answer}")).to_owned();
        Self {
            id: text(&payload["user"]["id"]),
            token: text(&payload["token"]),
            name: name.to_owned(),
            email,
            address: app.address,
            http: app.http().clone(),
        }
    }

    /// The same person on another device.
    pub async fn another_device(&self, app: &TestApp) -> Self {
        let input = json!({ "email": self.email, "password": PASSWORD });
        let query = "mutation($input: LoginInput!) { login(input: $input) { token } }";
        let variables = json!({ "input": input });
        let answer = when_available(|| app.execute(None, query, variables.clone())).await;
        let token = answer["data"]["login"]["token"].as_str().unwrap_or_else(|| panic!("no login: {answer}"));
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same person by another token.
    pub fn with_token(&self, token: &Value) -> Self {
        Self { token: token.as_str().expect("a token").to_owned(), ..self.clone() }
    }

    /// Executes a document; the whole answer.
    pub async fn execute(&self, query: &str, variables: Value) -> Value {
        secrets::keep(&variables);
        let body = json!({ "query": query, "variables": variables });
        let url = format!("http://{}/graphql", self.address);
        let request = self.http.post(url).bearer_auth(&self.token).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// Executes a document that must succeed; its data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.execute(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Executes a document that must fail; the code.
    pub async fn fails(&self, query: &str, variables: Value) -> String {
        code(&self.execute(query, variables).await).to_owned()
    }

    /// Sends a text to somebody; the message.
    pub async fn send(&self, to: &Person, text: &str) -> Value {
        self.send_input(json!({ "to": { "userId": to.id }, "text": text })).await
    }

    /// Sends a text to a conversation; the message.
    pub async fn send_to(&self, conversation: &str, text: &str) -> Value {
        self.send_input(json!({ "to": { "conversationId": conversation }, "text": text })).await
    }

    /// Sends a message by its whole input; the message.
    pub async fn send_input(&self, input: Value) -> Value {
        self.ask(SEND, json!({ "input": input })).await["sendMessage"].take()
    }

    /// Creates a group; its id.
    pub async fn group(&self, title: &str, members: &[&Person]) -> String {
        let members: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
        let made = self.ask(query, json!({ "input": { "title": title, "memberIds": members } })).await;
        made["createConversation"]["id"].as_str().expect("an id").to_owned()
    }

    /// The cursor of the feed now.
    pub async fn feed_cursor(&self) -> String {
        self.ask("{ feedCursor }", json!({})).await["feedCursor"].as_str().expect("a cursor").to_owned()
    }

    /// A signed-in socket.
    pub async fn socket(&self) -> Socket {
        Socket::signed_in(self.address, &self.token, json!({})).await
    }

    /// A socket of its own with one subscription, whose id is `1`.
    pub async fn subscribe(&self, query: &str, variables: Value) -> Socket {
        let mut socket = self.socket().await;
        socket.subscribe("1", query, variables).await;
        socket
    }

    /// Follows everything from now on; the subscription has started when this returns.
    pub async fn follow(&self) -> Socket {
        let mut socket = self.subscribe(EVENTS, json!({})).await;
        let caught_up = socket.next_data("1").await;
        assert_eq!(caught_up["events"]["__typename"], "CaughtUp");
        socket
    }
}

pub const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    id seq text version conversationId createdAt editedAt deletedAt feedCursor sender { id } replyTo { id } } }";

pub const EVENTS: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { id seq text version sender { id fullName } conversationId } }
    ... on MessageChanged { message { id seq text version deletedAt conversationId } }
    ... on ReadMarkMoved { conversationId user { id } lastReadSeq }
    ... on ConversationChanged { change conversationId conversation { id kind title } }
    ... on UserChanged { user { id fullName } }
    ... on FeedReset { reason } } }";
