//! What the viewer may do in a conversation, and who may write in it.

use async_graphql::Enum;
use async_graphql::resolver_utils::enum_value;

use crate::conversations;
use crate::entity::conversation;
use crate::graphql::written::{JsonValue, NotAtOnce, serialize};

/// What you may do in a conversation. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum Permission {
    /// Send messages, and edit your own.
    Send,
    /// Call everybody.
    MentionEveryone,
    /// Pin and unpin messages.
    Pin,
    /// Change title, picture, metadata and posting.
    Update,
    /// Add members.
    AddMembers,
    /// Remove members; an admin not the owner or other admins.
    RemoveMembers,
    /// Change the roles of members.
    SetRoles,
    /// Delete messages of others.
    DeleteOthersMessages,
}

impl From<conversations::Permission> for Permission {
    fn from(permission: conversations::Permission) -> Self {
        match permission {
            conversations::Permission::Send => Self::Send,
            conversations::Permission::MentionEveryone => Self::MentionEveryone,
            conversations::Permission::Pin => Self::Pin,
            conversations::Permission::Update => Self::Update,
            conversations::Permission::AddMembers => Self::AddMembers,
            conversations::Permission::RemoveMembers => Self::RemoveMembers,
            conversations::Permission::SetRoles => Self::SetRoles,
            conversations::Permission::DeleteOthersMessages => Self::DeleteOthersMessages,
        }
    }
}

/// Who may write in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum Posting {
    /// All members.
    Everyone,
    /// The owner and the admins.
    Admins,
}

impl JsonValue for Posting {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<conversation::Posting> for Posting {
    fn from(posting: conversation::Posting) -> Self {
        match posting {
            conversation::Posting::Everyone => Self::Everyone,
            conversation::Posting::Admins => Self::Admins,
        }
    }
}

impl From<Posting> for conversation::Posting {
    fn from(posting: Posting) -> Self {
        match posting {
            Posting::Everyone => Self::Everyone,
            Posting::Admins => Self::Admins,
        }
    }
}
