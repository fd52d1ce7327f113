//! The canned answers.

use memchr::memmem;

use crate::api::SIDEBAR;
use crate::floor::{Fault, Floor};

const SENDER: &str = r#"{"id":"0198c0de-0000-7000-8000-000000000001","fullName":"Bench Sender"}"#;

/// A message that was sent.
#[derive(Clone)]
pub struct Message {
    pub room: usize,
    pub seq: u64,
    /// In the log of all messages, where there is one.
    pub position: u64,
    pub text: String,
    pub has_sender: bool,
}

impl Message {
    fn json(&self, has_cursor: bool) -> String {
        let Self { seq, text, position, .. } = self;
        let sender = if self.has_sender { format!(r#","sender":{SENDER}"#) } else { String::new() };
        let cursor = if has_cursor { format!(r#","feedCursor":"{position}""#) } else { String::new() };
        format!(
            r#"{{"id":"0198c0de-0000-7000-8000-{seq:012}","seq":{seq},"text":"{text}","createdAt":"2026-01-01T00:00:00.000Z"{sender}{cursor}}}"#
        )
    }

    /// Whether it is no probe.
    pub fn is_measured(&self) -> bool {
        is_measured(&self.text)
    }

    /// What a subscriber gets.
    pub fn delivery(&self, has_cursor: bool) -> String {
        let message = self.json(has_cursor);
        format!(r#"{{"id":"1","type":"next","payload":{{"data":{{"messageAdded":{message}}}}}}}"#)
    }
}

fn is_measured(text: &str) -> bool {
    text.starts_with('m')
}

/// The number of the conversation that a document's variables name.
pub fn room(variables: &[u8]) -> Option<usize> {
    number(variables, b"\"conversationId\":\"c").map(|room| room as usize)
}

/// The position to resume after.
pub fn after(variables: &[u8]) -> Option<u64> {
    number(variables, b"\"after\":\"")
}

fn number(text: &[u8], before: &[u8]) -> Option<u64> {
    let digits = &text[memmem::find(text, before)? + before.len()..];
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

impl Floor {
    pub async fn answer(&self, body: &[u8]) -> String {
        let has = |what: &str| memmem::find(body, what.as_bytes()).is_some();
        let message = |seq, text: &str| Message { room: 0, seq, position: 0, text: text.into(), has_sender: true };
        let data = |field: &str, value: &str| format!(r#"{{"data":{{"{field}":{value}}}}}"#);
        // What the scenarios begin with succeeds.
        let is_preparation = has("signup(") || has("createConversation") || has("\"text\":\"p");
        if !is_preparation && self.commits(Fault::Fail) {
            return r#"{"errors":[{"message":"no"}]}"#.into();
        }
        if has("sendMessage") {
            let message = self.send(body).await;
            return data("sendMessage", &Message { text: String::new(), ..message }.json(false));
        }
        if has("messages(") {
            let page: Vec<String> =
                (1..=self.length_of_page(50)).map(|seq| message(seq, &"x".repeat(80)).json(false)).collect();
            let page = page.join(",");
            let page = format!(r#"{{"nodes":[{page}],"pageInfo":{{"hasPreviousPage":true,"startCursor":"1"}}}}"#);
            return data("messages", &page);
        }
        if has("conversations(") {
            let one = |seq| {
                let last = message(seq, &"x".repeat(80)).json(false);
                format!(
                    r#"{{"id":"0198c0de-0000-7000-8000-{seq:012}","kind":"DIRECT","title":null,"otherUser":{SENDER},"lastMessage":{last},"unreadCount":1}}"#
                )
            };
            let all: Vec<String> = (1..=self.length_of_page(SIDEBAR as u64)).map(one).collect();
            return data("conversations", &format!(r#"{{"nodes":[{}]}}"#, all.join(",")));
        }
        if has("createConversation") {
            let mut seqs = self.seqs.borrow_mut();
            seqs.push(0);
            return data("createConversation", &format!(r#"{{"id":"c{}"}}"#, seqs.len() - 1));
        }
        let entered = format!(r#"{{"token":"t","user":{SENDER}}}"#);
        match () {
            () if has("signup(") => data("signup", &entered),
            () if has("login(") => data("login", &entered),
            () => data("me", SENDER),
        }
    }

    fn length_of_page(&self, whole: u64) -> u64 {
        if self.commits(Fault::Shorten) { whole - 1 } else { whole }
    }

    /// Gives a message its number.
    pub(super) fn sent(&self, body: &[u8]) -> Message {
        let begin = memmem::find(body, b"\"text\":\"").map_or(0, |at| at + 8);
        let text: String =
            body[begin..].iter().take_while(|byte| **byte != b'"').map(|byte| char::from(*byte)).collect();
        let room = room(body).unwrap_or(0);
        let mut seqs = self.seqs.borrow_mut();
        let rooms = seqs.len().max(room + 1);
        seqs.resize(rooms, 0);
        let is_measured = is_measured(&text);
        seqs[room] += if is_measured && self.commits(Fault::Skip) { 2 } else { 1 };
        let has_sender = !(is_measured && self.commits(Fault::Truncate));
        let position = self.log.as_ref().map_or(0, |log| log.borrow().len() as u64 + 1);
        let message = Message { room, seq: seqs[room], position, text, has_sender };
        if let Some(log) = &self.log {
            log.borrow_mut().push(message.clone());
        }
        message
    }
}
