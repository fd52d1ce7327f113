//! Whom messages call, for those who have not read them. Who is named in a message is in the message itself.

use sea_orm::entity::prelude::*;

use crate::id::{ConversationId, UserId};

/// Somebody whom a message calls, or everybody. Gone with the message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mention")]
pub struct Model {
    /// The message's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// [`everybody`] where it calls all who are in the conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub conversation_id: ConversationId,
    /// The message's, or [`NOT_CALLED`].
    pub seq: i32,
    pub sender_id: UserId,
}

/// In the place of a person: everybody who is in the conversation. One row, however many they are.
pub fn everybody() -> UserId {
    Uuid::nil().into()
}

/// In the place of a seq, beside the row for everybody: the message does not call this person, who is in a block with its
/// sender. No read mark is before it, so it never counts.
pub const NOT_CALLED: i32 = 0;

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
