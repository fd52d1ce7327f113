//! What a client of the model knows of a conversation, and how it reads JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::doings::FOR_LONG;

/// What a client knows of a conversation.
#[derive(Default)]
pub struct Known {
    pub kind: Value,
    pub title: Value,
    pub posting: Value,
    pub picture: Value,
    pub metadata: Value,
    /// One's own side of it.
    pub own: Value,
    pub other: Value,
    /// When something was last written here, or when it was made: the order of the sidebar.
    pub active_at: String,
    pub first_seq: i64,
    pub last_seq: i64,
    pub last_read_seq: i64,
    pub member_count: i64,
    /// Roles and read marks, by the person.
    pub members: BTreeMap<String, (Value, i64)>,
    pub messages: BTreeMap<i64, Value>,
}

impl Known {
    /// Whether it is left out of the badge.
    pub fn is_muted(&self) -> bool {
        self.own["notifications"] == "NONE" || self.own["mutedUntil"] == FOR_LONG
    }

    /// Drops what was deleted by its age: messages before a seq.
    pub fn trim(&mut self, before: i64) {
        self.first_seq = self.first_seq.max(before);
        self.messages = self.messages.split_off(&self.first_seq);
        self.messages.values_mut().for_each(|message| without_trimmed_quote(message, self.first_seq));
    }
}

/// A reply to a message that is gone is none.
pub fn without_trimmed_quote(message: &mut Value, first_seq: i64) {
    if message["replyTo"]["seq"].as_i64().is_some_and(|seq| seq < first_seq) {
        message["replyTo"].take();
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))
}
