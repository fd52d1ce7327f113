//! What the viewer may do in a conversation.

use async_graphql::Enum;

use crate::conversations;

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
