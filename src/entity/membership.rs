//! Who is in a conversation, as history: intervals of feed positions, not a flag.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ConversationId, UserId};

/// An interval in which a person is in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: ConversationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The position of the event by which they joined: they receive the events after it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_position: i64,
    /// The position of the event by which they left; null while they are a member.
    pub to_position: Option<i64>,
    pub role: Role,
    pub last_read_seq: i32,
    pub joined_at: Timestamp,
    /// Whose messages they want to be notified of.
    pub notifications: Notifications,
    /// Until when they want to be notified of none.
    pub muted_until: Option<Timestamp>,
    /// The conversation's newest seq when they archived it; null if they have not.
    pub archived_seq: Option<i32>,
    pub is_favorite: bool,
    /// Set by hand, and gone with the next move of the mark.
    pub is_marked_unread: bool,
}

impl Model {
    /// A membership that begins at a position, with everything up to a seq read.
    pub fn new(key: (ConversationId, UserId), from_position: i64, last_read_seq: i32, joined_at: Timestamp) -> Self {
        let (conversation_id, user_id) = key;
        Self {
            conversation_id,
            user_id,
            from_position,
            to_position: None,
            role: Role::Member,
            last_read_seq,
            joined_at,
            notifications: Notifications::All,
            muted_until: None,
            archived_seq: None,
            is_favorite: false,
            is_marked_unread: false,
        }
    }
}

/// Which messages somebody wants to be notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Notifications {
    All = 1,
    /// Those that call them.
    Mentions = 2,
    None = 3,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Role {
    Owner = 1,
    Member = 2,
    Admin = 3,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::conversation::Entity",
        from = "Column::ConversationId",
        to = "super::conversation::Column::Id"
    )]
    Conversation,
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::conversation::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Conversation.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
