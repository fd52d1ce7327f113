//! What a conversation is.

use async_graphql::Enum;
use async_graphql::resolver_utils::enum_value;

use crate::entity::conversation::Kind;
use crate::graphql::written::{JsonValue, NotAtOnce, serialize};

/// The kind of a conversation. More kinds may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationKind {
    /// A conversation between two users. Each pair has at most one; its first message creates it.
    Direct,
    /// A group with a title. `serverInfo.limits.groupMembers` says how many members it may have.
    Group,
}

impl JsonValue for ConversationKind {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<Kind> for ConversationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Direct => Self::Direct,
            Kind::Group => Self::Group,
        }
    }
}
