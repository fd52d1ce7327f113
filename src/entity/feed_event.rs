//! The feed's log: references to what happened, never its text.

use sea_orm::Iterable;
use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ConversationId, MessageId, UserId};

/// An event. It is delivered to the recipient if there is one, else to the conversation's members, else to those who
/// share a conversation with the user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Random, the same for all events of a batch.
    pub nonce: i64,
    pub kind: LoggedKind,
    pub conversation_id: Option<ConversationId>,
    pub recipient_id: Option<UserId>,
    /// The person it is about; for a conversation's events, the one whose doing it is.
    pub user_id: Option<UserId>,
    pub message_id: Option<MessageId>,
    pub created_at: Timestamp,
    /// What cannot be read elsewhere later: JSON whose form depends on the kind.
    pub detail: Option<String>,
}

/// A kind as the log has it. A node of a later version may have written one that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveValueType)]
pub struct LoggedKind(pub i16);

impl LoggedKind {
    /// The kind, if this version knows it.
    pub fn known(self) -> Option<EventKind> {
        EventKind::iter().find(|kind| *kind as i16 == self.0)
    }
}

impl From<EventKind> for LoggedKind {
    fn from(kind: EventKind) -> Self {
        Self(kind as i16)
    }
}

impl PartialEq<EventKind> for LoggedKind {
    fn eq(&self, kind: &EventKind) -> bool {
        *self == Self::from(*kind)
    }
}

/// What happened. The numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum EventKind {
    /// Nothing. Precedes the first event, so that a cursor of an empty database differs from those of others; and what an
    /// event of a kind that only later versions know is read as.
    Origin = 0,
    MessageAdded = 1,
    MessageChanged = 2,
    ReadMarkMoved = 3,
    ConversationAdded = 4,
    ConversationUpdated = 5,
    ConversationRemoved = 6,
    UserChanged = 7,
    ReactionsChanged = 8,
    PinsChanged = 9,
    MembershipChanged = 10,
    BlockChanged = 11,
    HistoryTrimmed = 12,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
