//! A user of the API over HTTP who tolerates that the server is unavailable.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Server, up_to};

/// A person with an account, signed in.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub token: String,
    /// Where requests go to.
    pub url: String,
    http: reqwest::Client,
}

/// A message to send, retried with the same id until it is answered.
#[derive(Clone, Debug)]
pub struct Message {
    /// Chosen before the first try.
    pub id: String,
    /// A `ConversationRef`.
    pub to: Value,
    pub text: String,
}

impl Message {
    pub fn new(to: Value, text: impl Into<String>) -> Self {
        Self { id: uuid::Uuid::now_v7().to_string(), to, text: text.into() }
    }

    /// The variables of [`SEND`].
    pub fn variables(&self) -> Value {
        json!({ "input": { "id": self.id, "to": self.to, "text": self.text } })
    }
}

/// How long one message is tried.
const PERSISTENCE: Duration = Duration::from_secs(60);

pub const PASSWORD: &str = "correct horse 7 battery";

/// Sends a message, and asks for the fields that never change.
pub const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    id seq text version conversationId createdAt feedCursor sender { id } } }";

impl Person {
    pub async fn sign_up(server: &Server, name: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        Self::sign_up_as(server, name, &email).await
    }

    pub async fn sign_up_as(server: &Server, name: &str, email: &str) -> Self {
        let input = json!({ "fullName": name, "email": email, "password": PASSWORD });
        let query = "mutation($input: SignupInput!) { enter: signup(input: $input) { token user { id fullName } } }";
        Self::enter(server, email, query, input).await
    }

    /// Somebody who has an account.
    pub async fn sign_in(server: &Server, email: &str) -> Self {
        let input = json!({ "email": email, "password": PASSWORD });
        let query = "mutation($input: LoginInput!) { enter: login(input: $input) { token user { id fullName } } }";
        Self::enter(server, email, query, input).await
    }

    async fn enter(server: &Server, email: &str, query: &str, input: Value) -> Self {
        let (name, url, http) = (String::new(), server.url("/graphql"), server.http().clone());
        let nobody = Self { id: String::new(), token: String::new(), name, email: email.to_owned(), url, http };
        let payload = nobody.ask(query, json!({ "input": input })).await["enter"].take();
        let text = |at: &str| payload.pointer(at).and_then(Value::as_str).expect("a text").to_owned();
        Self { id: text("/user/id"), name: text("/user/fullName"), token: text("/token"), ..nobody }
    }

    /// The same person over separate connections.
    pub fn with_own_connections(&self) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, ..self.clone() }
    }

    /// Executes a document; `None` if no answer came.
    pub async fn try_execute(&self, query: &str, variables: &Value) -> Option<Value> {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        request.timeout(super::PATIENCE).send().await.ok()?.json().await.ok()
    }

    /// Executes a document; the whole answer.
    pub async fn execute(&self, query: &str, variables: Value) -> Value {
        self.try_execute(query, &variables).await.expect("an answer")
    }

    /// Executes a document that must succeed; its data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.execute(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Tries once to send a message. `None` if no answer came: it may have been sent or not.
    pub async fn try_send(&self, message: &Message) -> Option<Value> {
        let mut answer = self.try_execute(SEND, &message.variables()).await?;
        assert!(answer.get("errors").is_none(), "{answer}");
        Some(answer["data"]["sendMessage"].take())
    }

    /// Sends a message; the answer.
    pub async fn send(&self, message: &Message) -> Value {
        self.try_send(message).await.expect("an answer")
    }

    /// Sends a message, again and again with the same id, for as long as nobody answers or the answer says "try again": what
    /// a client does while servers and databases come and go.
    pub async fn send_until_answered(&self, message: &Message) -> Value {
        let began = Instant::now();
        loop {
            if let Some(mut answer) = self.try_execute(SEND, &message.variables()).await {
                if answer.get("errors").is_none() {
                    return answer["data"]["sendMessage"].take();
                }
                assert_eq!(code(&answer), "SERVICE_UNAVAILABLE", "{answer}");
            }
            assert!(began.elapsed() < PERSISTENCE, "{} is not answered", message.id);
            tokio::time::sleep(up_to(Duration::from_millis(200))).await;
        }
    }

    /// The `ConversationRef` of the direct conversation with this person.
    pub fn as_recipient(&self) -> Value {
        json!({ "userId": self.id })
    }

    /// Creates a group; its `ConversationRef`.
    pub async fn group(&self, title: &str, members: &[&Self]) -> Value {
        let members: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
        let mut made = self.ask(query, json!({ "input": { "title": title, "memberIds": members } })).await;
        json!({ "conversationId": made["createConversation"]["id"].take() })
    }

    /// The cursor of the feed now.
    pub async fn feed_cursor(&self) -> String {
        self.ask("{ feedCursor }", json!({})).await["feedCursor"].as_str().expect("a cursor").to_owned()
    }
}

/// The code of an answer's first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer}"))
}
