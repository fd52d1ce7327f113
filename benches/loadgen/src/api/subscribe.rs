//! Subscriptions to messages, over both protocols.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use memchr::memmem;
use serde_json::{Value, json};

use crate::api::{Account, Adapter, Api, Selection, Target};
use crate::ws::Ws;

impl Api {
    /// Connects and subscribes: to one room, or with `to` None to everything of the account. `after` resumes behind that
    /// cursor, where the server can.
    pub async fn subscribe(
        &self,
        who: &Account,
        to: Option<&Target>,
        after: Option<&str>,
        selection: Selection,
    ) -> Result<Ws> {
        let work = async {
            match self.kind {
                Adapter::Graphql => self.subscribe_graphql(who, to, after, selection).await,
                Adapter::Socketio => self.subscribe_socketio(who).await,
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, work).await.map_err(|_| anyhow!("no answer in {patience:?}"))?
    }

    async fn subscribe_graphql(
        &self,
        who: &Account,
        to: Option<&Target>,
        after: Option<&str>,
        selection: Selection,
    ) -> Result<Ws> {
        let headers = [("Authorization", who.auth.as_str()), ("Sec-WebSocket-Protocol", "graphql-transport-ws")];
        let mut ws = Ws::connect(self.address, &self.path, &headers).await?;
        let init = json!({ "type": "connection_init", "payload": { "authorization": who.auth } });
        ws.send_text(&init.to_string()).await?;
        wait_for(&mut ws, b"\"connection_ack\"").await?;
        let more = match selection {
            Selection::Message => "",
            Selection::Resumable => " feedCursor",
            Selection::PerViewer => " conversation { unreadCount }",
        };
        let fields = format!("id seq text createdAt sender {{ id fullName }}{more}");
        let (query, variables) = match (to, after) {
            (Some(to), _) => (
                format!(
                    "subscription Added($conversation: ConversationRef!) {{ messageAdded(conversation: $conversation) {{ {fields} }} }}"
                ),
                json!({ "conversation": to.json() }),
            ),
            (None, Some(after)) => (
                format!("subscription Added($after: String) {{ messageAdded(after: $after) {{ {fields} }} }}"),
                json!({ "after": after }),
            ),
            (None, None) => (format!("subscription Added {{ messageAdded {{ {fields} }} }}"), json!({})),
        };
        let subscribe =
            json!({ "id": "1", "type": "subscribe", "payload": { "query": query, "variables": variables } });
        ws.send_text(&subscribe.to_string()).await?;
        Ok(ws)
    }

    async fn subscribe_socketio(&self, who: &Account) -> Result<Ws> {
        let path = "/socket.io/?EIO=4&transport=websocket";
        let mut ws = Ws::connect(self.address, path, &[("Cookie", &who.auth)]).await?;
        wait_for(&mut ws, b"\"pingInterval\"").await?;
        ws.send_text("40").await?;
        wait_for(&mut ws, b"40{").await?;
        Ok(ws)
    }

    /// Answers the protocol's own messages; an `Err` is a complaint of the server.
    pub fn control(&self, message: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        match self.kind {
            Adapter::Socketio if message == b"2" => reply.push(b'3'),
            Adapter::Socketio if message.starts_with(b"44") || message.starts_with(b"41") => {
                bail!("{}", String::from_utf8_lossy(message));
            }
            Adapter::Socketio => {}
            Adapter::Graphql => {
                let parsed: Value = serde_json::from_slice(message)?;
                match parsed["type"].as_str() {
                    Some("ping") => reply.extend_from_slice(br#"{"type":"pong"}"#),
                    Some("pong" | "connection_ack") => {}
                    _ => bail!("{parsed}"),
                }
            }
        }
        Ok(())
    }

    /// Whether a delivered message has every field that was selected.
    pub fn is_complete(&self, delivered: &[u8]) -> bool {
        let has_all = |message: &Value, strings: &[&str]| {
            strings.iter().all(|pointer| message.pointer(pointer).is_some_and(Value::is_string))
        };
        match self.kind {
            Adapter::Graphql => serde_json::from_slice::<Value>(delivered).is_ok_and(|frame| {
                let message = &frame["payload"]["data"]["messageAdded"];
                let strings = ["/id", "/text", "/createdAt", "/sender/id", "/sender/fullName"];
                message["seq"].is_u64() && has_all(message, &strings)
            }),
            Adapter::Socketio => serde_json::from_slice::<Value>(&delivered[2..]).is_ok_and(|event| {
                event[0] == "newMessage" && has_all(&event[1], &["/_id", "/text", "/createdAt", "/senderId"])
            }),
        }
    }
}

async fn wait_for(ws: &mut Ws, what: &[u8]) -> Result<()> {
    let mut is_found = false;
    while !is_found {
        ws.receive(|message, _| is_found |= memmem::find(message, what).is_some()).await?;
    }
    Ok(())
}
