//! What people may do in a conversation: roles, the permissions that follow from them, and who may write.

use async_graphql::Enum;
use async_graphql::resolver_utils::enum_value;

use crate::conversations;
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::graphql::written::{JsonValue, NotAtOnce, serialize};

/// The role of a member. More roles may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum MemberRole {
    /// May change roles, remove everybody, and do what an admin may.
    Owner,
    /// May do what the owner may, but for roles, and for removing the owner or other admins: change the group, remove
    /// members, pin messages, delete others' messages, and write where only admins may.
    Admin,
    /// May send messages and add members.
    Member,
}

impl From<Role> for MemberRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Owner => Self::Owner,
            MemberRole::Admin => Self::Admin,
            MemberRole::Member => Self::Member,
        }
    }
}

impl JsonValue for MemberRole {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

/// What you may do in a conversation. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum Permission {
    /// Send messages, and edit your own.
    Send,
    /// React to messages. You may always take a reaction back.
    React,
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

impl JsonValue for Permission {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<conversations::MemberAction> for Permission {
    fn from(permission: conversations::MemberAction) -> Self {
        match permission {
            conversations::MemberAction::Send => Self::Send,
            conversations::MemberAction::React => Self::React,
            conversations::MemberAction::MentionEveryone => Self::MentionEveryone,
            conversations::MemberAction::Pin => Self::Pin,
            conversations::MemberAction::Update => Self::Update,
            conversations::MemberAction::AddMembers => Self::AddMembers,
            conversations::MemberAction::RemoveMembers => Self::RemoveMembers,
            conversations::MemberAction::SetRoles => Self::SetRoles,
            conversations::MemberAction::DeleteOthersMessages => Self::DeleteOthersMessages,
        }
    }
}

/// Who may write in a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Posting")]
pub enum PostingRule {
    /// All members.
    Everyone,
    /// The owner and the admins.
    Admins,
}

impl JsonValue for PostingRule {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<conversation::Posting> for PostingRule {
    fn from(posting: conversation::Posting) -> Self {
        match posting {
            conversation::Posting::Everyone => Self::Everyone,
            conversation::Posting::Admins => Self::Admins,
        }
    }
}

impl From<PostingRule> for conversation::Posting {
    fn from(posting: PostingRule) -> Self {
        match posting {
            PostingRule::Everyone => Self::Everyone,
            PostingRule::Admins => Self::Admins,
        }
    }
}
