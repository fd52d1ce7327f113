//! How clients name a conversation.

use async_graphql::{ID, OneofObject};

use crate::conversations::Reference;
use crate::id::{ConversationId, UserId};

/// A conversation by its id, or the direct conversation with a user. That one is made by its first message; until
/// then it reads as empty, and subscribing to it is fine.
#[derive(Clone, OneofObject)]
pub enum ConversationRef {
    /// A conversation's id.
    ConversationId(ID),
    /// The id of a person: your direct conversation with them.
    UserId(ID),
}

impl ConversationRef {
    /// What it refers to; `None` where the id is no id and so refers to nothing.
    pub fn parse(&self) -> Option<Reference> {
        match self {
            Self::ConversationId(id) => ConversationId::parse(id).map(Reference::Id),
            Self::UserId(id) => UserId::parse(id).map(Reference::Direct),
        }
    }
}
