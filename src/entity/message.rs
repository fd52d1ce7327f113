//! Messages.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ConversationId, ImageId, MessageId, UserId};

/// A message, or the tombstone of one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// 1, 2, 3 … within the conversation, without holes.
    pub seq: i32,
    pub sender_id: UserId,
    /// Null in a tombstone.
    pub text: Option<String>,
    pub reply_to_id: Option<MessageId>,
    /// Null in a tombstone.
    pub image_id: Option<ImageId>,
    /// 1, and one more with each edit or deletion.
    pub version: i32,
    /// The position of its MessageAdded in the feed, and the nonce of that batch.
    pub position: i64,
    pub nonce: i64,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
