//! Conversations, direct ones and groups.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ConversationId, ImageId, UserId};

/// A direct conversation or a group.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConversationId,
    pub kind: Kind,
    /// Null in a direct conversation.
    pub title: Option<String>,
    /// Null in a group.
    pub direct_pair: Option<DirectPair>,
    /// The seq of the newest message, 0 if there is none.
    pub last_seq: i32,
    /// The position of the newest event.
    pub last_position: i64,
    /// The position of its creation or newest message: the order of the sidebar.
    pub active_position: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The id that a key gave it.
    pub external_id: Option<String>,
    /// The app's own data: a JSON object.
    pub metadata: Option<String>,
    /// Null in a direct conversation, and in a group without one.
    pub picture_id: Option<ImageId>,
    pub posting: Posting,
    /// The seq of the oldest message that is kept; one past `last_seq` if none is.
    pub first_seq: i32,
    /// How long its messages are kept, in days, if it has a rule of its own.
    pub retention_days: Option<i32>,
}

impl Model {
    /// A conversation that nothing has happened in yet. Add to it what it is more than that.
    pub fn new(id: ConversationId, kind: Kind, at: Timestamp) -> Self {
        Self {
            id,
            kind,
            title: None,
            direct_pair: None,
            last_seq: 0,
            last_position: 0,
            active_position: 0,
            created_at: at,
            updated_at: at,
            external_id: None,
            metadata: None,
            picture_id: None,
            posting: Posting::Everyone,
            first_seq: 1,
            retention_days: None,
        }
    }
}

/// Who may write in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Posting {
    Everyone = 1,
    Admins = 2,
}

/// What a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Kind {
    Direct = 1,
    Group = 2,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The ids of two people, the smaller first: the same for both of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
pub struct DirectPair(Vec<u8>);

impl DirectPair {
    /// The pair of two people, in either order.
    pub fn of(one: UserId, other: UserId) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self([low.as_bytes().as_slice(), high.as_bytes()].concat())
    }

    /// The pair as its column has it.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// See [`from_bytes`](Self::from_bytes).
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The two, the smaller first.
    pub fn people(&self) -> impl Iterator<Item = UserId> {
        self.0.chunks_exact(16).filter_map(|bytes| Uuid::from_slice(bytes).ok()).map(UserId::from)
    }

    /// The other one of the two.
    pub fn other(&self, one: UserId) -> Option<UserId> {
        self.people().find(|id| *id != one)
    }
}
