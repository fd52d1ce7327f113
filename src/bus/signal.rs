//! What is said on the bus, and how it is written.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A node: a new one with each start of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(Uuid);

impl NodeId {
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// When it started, by its own clock, in milliseconds since 1970.
    pub fn started_at(&self) -> i64 {
        let (seconds, nanoseconds) = self.0.get_timestamp().map_or((0, 0), |time| time.to_unix());
        i64::try_from(seconds * 1_000 + u64::from(nanoseconds / 1_000_000)).unwrap_or(i64::MAX)
    }

    /// As the database has it.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for NodeId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A signal. On the wire it is JSON: an object with the name of the signal, which other versions ignore if they do not
/// know it. A field that is added later must be optional.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The feed goes up to this position. Written by the database itself.
    Feed(i64),
    /// A session has ended.
    SessionEnded(Uuid),
    /// The app's tokens of somebody that were issued until now no longer count.
    TokensEnded(Uuid),
    /// Somebody is typing, or has stopped.
    Typing {
        /// On which node.
        node: NodeId,
        /// Who.
        user: Uuid,
        /// Where.
        conversation: Uuid,
        /// The two people, if it is a direct conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pair: Option<(Uuid, Uuid)>,
        /// Whether they are typing.
        is_typing: bool,
    },
    /// People have come online on a node, or are gone from it.
    Presence {
        /// The node.
        node: NodeId,
        /// Who came.
        #[serde(default)]
        came: Vec<Uuid>,
        /// Who went.
        #[serde(default)]
        went: Vec<Uuid>,
    },
    /// A consumer of this person was claimed.
    Consumer(Uuid),
    /// Somebody's account was erased.
    Erased(Uuid),
    /// One of two people has blocked the other, or does so no longer.
    Blocked {
        /// One of them.
        one: Uuid,
        /// The other.
        other: Uuid,
    },
    /// Signals may have been missed. Never on the wire.
    #[serde(skip)]
    Missed,
}

impl Signal {
    /// As it is sent; `None` for what is never sent.
    pub fn encode(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Reads a signal; `None` if this version does not know it.
    pub(super) fn decode(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_as_they_were_written() {
        let (node, user, conversation) = (NodeId::new(), Uuid::now_v7(), Uuid::now_v7());
        for signal in [
            Signal::Feed(42),
            Signal::SessionEnded(user),
            Signal::TokensEnded(user),
            Signal::Typing { node, user, conversation, pair: None, is_typing: true },
            Signal::Typing { node, user, conversation, pair: Some((user, conversation)), is_typing: false },
            Signal::Presence { node, came: vec![user], went: Vec::new() },
            Signal::Blocked { one: user, other: conversation },
        ] {
            let payload = signal.encode().expect("a payload");
            assert_eq!(Signal::decode(&payload), Some(signal), "{payload}");
        }
    }

    #[test]
    fn signals_of_other_versions_are_ignored_and_new_fields_are_too() {
        assert_eq!(Signal::decode(r#"{"weather":"rain"}"#), None);
        assert_eq!(Signal::decode("42"), None);
        let node = NodeId::new();
        let newer = format!(r#"{{"presence":{{"node":"{node}","came":[],"mood":"good"}}}}"#);
        assert_eq!(Signal::decode(&newer), Some(Signal::Presence { node, came: Vec::new(), went: Vec::new() }));
    }

    #[test]
    fn what_is_never_sent_has_no_payload() {
        assert_eq!(Signal::Missed.encode(), None);
    }
}
