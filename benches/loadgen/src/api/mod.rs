//! What the scenarios ask of a chat server, for the two kinds of server that are known.

mod subscribe;

use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use hyper::Method;
use memchr::memmem;
use serde_json::{Value, json};

use crate::http::{Http, Reply};

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum, Debug)]
pub enum Adapter {
    /// GraphQL over HTTP, subscriptions over graphql-transport-ws.
    Graphql,
    /// REST routes with a JWT cookie, events over Socket.IO (Engine.IO 4, websocket only).
    Socketio,
}

#[derive(Clone)]
pub struct Api {
    pub kind: Adapter,
    pub address: SocketAddr,
    /// The path of GraphQL, over HTTP and over WebSocket.
    pub path: String,
}

#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub email: String,
    /// `Bearer …` or the cookie.
    pub auth: String,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub enum Target {
    Conversation(String),
    User(String),
}

/// The documents that are subscribed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selection {
    /// A message with its sender.
    Message,
    /// With the cursor to resume from.
    Resumable,
    /// With a field that every viewer has another value of.
    PerViewer,
}

impl Target {
    fn json(&self) -> Value {
        match self {
            Self::Conversation(id) => json!({ "conversationId": id }),
            Self::User(id) => json!({ "userId": id }),
        }
    }
}

pub const PASSWORD: &str = "correct horse 7 battery";
/// The conversations of a sidebar.
pub const SIDEBAR: usize = 50;

const SEND: &str = "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { id seq createdAt } }";
const HISTORY: &str = "query History($conversation: ConversationRef!, $last: Int!) { messages(conversation: $conversation, last: $last) { nodes { id seq text createdAt sender { id fullName } } pageInfo { hasPreviousPage startCursor } } }";
const CONVERSATIONS: &str = "query Sidebar($first: Int!) { conversations(first: $first) { nodes { id kind title otherUser { id fullName } lastMessage { id seq text createdAt sender { id fullName } } unreadCount } } }";
const LIGHT: &str = "query Me { me { id fullName } }";

impl Api {
    fn header<'a>(&self, who: &'a Account) -> (&'static str, &'a str) {
        match self.kind {
            Adapter::Graphql => ("authorization", &who.auth),
            Adapter::Socketio => ("cookie", &who.auth),
        }
    }

    /// The answer to a document that must succeed.
    pub async fn gql(&self, http: &mut Http, who: Option<&Account>, query: &str, variables: Value) -> Result<Bytes> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let auth = who.map(|who| self.header(who));
        let reply = http.request(Method::POST, &self.path, auth, Some(body.into())).await?;
        if reply.status != 200 || memmem::find(&reply.body, b"\"errors\":").is_some() {
            bail!(refusal(&reply));
        }
        Ok(reply.body)
    }

    async fn rest(
        &self,
        http: &mut Http,
        who: Option<&Account>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply> {
        let auth = who.map(|who| self.header(who));
        let reply = http.request(method, path, auth, body.map(|body| body.to_string().into())).await?;
        if !(200..300).contains(&reply.status) {
            bail!(refusal(&reply));
        }
        Ok(reply)
    }

    pub async fn sign_up(&self, http: &mut Http, name: &str, email: &str) -> Result<Account> {
        let input = json!({ "fullName": name, "email": email, "password": PASSWORD });
        self.enter(http, "signup", input, email).await.context("signup")
    }

    pub async fn log_in(&self, http: &mut Http, email: &str) -> Result<Account> {
        self.enter(http, "login", json!({ "email": email, "password": PASSWORD }), email).await.context("login")
    }

    async fn enter(&self, http: &mut Http, how: &str, input: Value, email: &str) -> Result<Account> {
        let (id, auth) = match self.kind {
            Adapter::Graphql => {
                let kind = if how == "signup" { "SignupInput" } else { "LoginInput" };
                let query =
                    format!("mutation Enter($input: {kind}!) {{ {how}(input: $input) {{ token user {{ id }} }} }}");
                let reply: Value =
                    serde_json::from_slice(&self.gql(http, None, &query, json!({ "input": input })).await?)?;
                let payload = &reply["data"][how];
                let token = payload["token"].as_str().ok_or_else(|| anyhow!("no token: {reply}"))?;
                (payload["user"]["id"].clone(), format!("Bearer {token}"))
            }
            Adapter::Socketio => {
                let reply = self.rest(http, None, Method::POST, &format!("/api/auth/{how}"), Some(input)).await?;
                let user: Value = serde_json::from_slice(&reply.body)?;
                (user["_id"].clone(), reply.cookie.context("no cookie")?)
            }
        };
        let id = id.as_str().context("no user id")?.to_string();
        Ok(Account { id, email: email.to_string(), auth })
    }

    /// A place where `sender`'s messages reach all `receivers`: a group, or, where there are no groups, the direct
    /// conversation with the only receiver.
    pub async fn room(&self, http: &mut Http, sender: &Account, receivers: &[Account]) -> Result<Target> {
        if self.kind == Adapter::Socketio {
            return Ok(Target::User(receivers[0].id.clone()));
        }
        let ids: Vec<&str> = receivers.iter().map(|receiver| receiver.id.as_str()).collect();
        let query = "mutation Group($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
        let variables = json!({ "input": { "title": "bench", "memberIds": ids } });
        let reply = self.gql(http, Some(sender), query, variables).await.context("createConversation")?;
        let reply: Value = serde_json::from_slice(&reply)?;
        let id = reply["data"]["createConversation"]["id"].as_str().context("no conversation id")?;
        Ok(Target::Conversation(id.to_string()))
    }

    pub async fn send(&self, http: &mut Http, who: &Account, to: &Target, text: &str) -> Result<()> {
        match (self.kind, to) {
            (Adapter::Graphql, _) => {
                self.gql(http, Some(who), SEND, json!({ "input": { "to": to.json(), "text": text } })).await?;
            }
            (Adapter::Socketio, Target::User(id)) => {
                let (path, body) = (format!("/api/messages/send/{id}"), json!({ "text": text }));
                self.rest(http, Some(who), Method::POST, &path, Some(body)).await?;
            }
            (Adapter::Socketio, Target::Conversation(_)) => bail!("there are no groups here"),
        }
        Ok(())
    }

    /// Reads the newest `last` messages; fails unless so many came.
    pub async fn history(&self, http: &mut Http, who: &Account, of: &Target, last: usize) -> Result<()> {
        let body = match (self.kind, of) {
            (Adapter::Graphql, _) => {
                self.gql(http, Some(who), HISTORY, json!({ "conversation": of.json(), "last": last })).await?
            }
            (Adapter::Socketio, Target::User(id)) => {
                self.rest(http, Some(who), Method::GET, &format!("/api/messages/{id}?limit={last}"), None).await?.body
            }
            (Adapter::Socketio, Target::Conversation(_)) => bail!("there are no groups here"),
        };
        expect(&body, "\"text\":\"", last)
    }

    /// Reads the newest 50 conversations with their last messages, the other side, and how much is unread in each; fails
    /// unless all of it came.
    pub async fn sidebar(&self, http: &mut Http, who: &Account) -> Result<()> {
        let body = match self.kind {
            Adapter::Graphql => self.gql(http, Some(who), CONVERSATIONS, json!({ "first": SIDEBAR })).await?,
            Adapter::Socketio => {
                let path = format!("/api/messages/conversations?limit={SIDEBAR}");
                self.rest(http, Some(who), Method::GET, &path, None).await?.body
            }
        };
        expect(&body, "\"text\":\"", SIDEBAR)?;
        expect(&body, "\"unreadCount\":", SIDEBAR)
    }

    /// The cheapest question that a signed-in client asks.
    pub async fn light(&self, http: &mut Http, who: &Account) -> Result<()> {
        match self.kind {
            Adapter::Graphql => drop(self.gql(http, Some(who), LIGHT, json!({})).await?),
            Adapter::Socketio => drop(self.rest(http, Some(who), Method::GET, "/api/auth/check", None).await?),
        }
        Ok(())
    }
}

fn refusal(reply: &Reply) -> String {
    format!("HTTP {}: {}", reply.status, String::from_utf8_lossy(&reply.body[..reply.body.len().min(400)]))
}

/// Fails unless a body holds something so many times.
fn expect(body: &[u8], what: &str, times: usize) -> Result<()> {
    match memmem::find_iter(body, what).count() {
        found if found == times => Ok(()),
        found => bail!("{what} is there {found} times instead of {times}"),
    }
}
