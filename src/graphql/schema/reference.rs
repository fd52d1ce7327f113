//! How clients refer to a conversation.

use async_graphql::{ID, OneofObject};

use crate::conversations::Reference;
use crate::id::{ConversationId, UserId};

/// A conversation by its id, or the direct conversation with a user. A direct conversation is created by its first
/// message; before that it can be read, as an empty one, and subscribed to.
#[derive(Clone, OneofObject)]
pub(crate) enum ConversationRef {
    /// The id of a conversation.
    ConversationId(ID),
    /// The id of a user: your direct conversation with them.
    UserId(ID),
}

impl ConversationRef {
    /// What it refers to; `None` if the id is malformed and so refers to nothing.
    pub(crate) fn parse(&self) -> Option<Reference> {
        match self {
            Self::ConversationId(id) => ConversationId::parse(id).map(Reference::Id),
            Self::UserId(id) => UserId::parse(id).map(Reference::Direct),
        }
    }
}
