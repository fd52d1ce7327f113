//! What people have reported to the moderators.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ConversationId, ImageId, MessageId, ReportId, UserId};

/// A report, with what it is about as it was then.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub struct Model {
    /// In the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReportId,
    pub reporter_id: UserId,
    pub reason: Reason,
    pub comment: Option<String>,
    /// Whom it is about; null for a conversation.
    pub user_id: Option<UserId>,
    /// Of a message its text, of a person their name.
    pub text: Option<String>,
    /// Not deleted as long as the report is there.
    pub image_id: Option<ImageId>,
    pub sent_at: Option<Timestamp>,
    pub message_id: Option<MessageId>,
    pub conversation_id: Option<ConversationId>,
    pub conversation_title: Option<String>,
    pub created_at: Timestamp,
    /// Null while it is open.
    pub resolved_at: Option<Timestamp>,
    pub resolved_by_id: Option<UserId>,
    pub action: Option<Action>,
    pub note: Option<String>,
}

/// Why something was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Reason {
    Spam = 1,
    Harassment = 2,
    Hate = 3,
    Violence = 4,
    Sexual = 5,
    SelfHarm = 6,
    Impersonation = 7,
    Illegal = 8,
    Other = 9,
}

impl Reason {
    /// What it is called in a command's output and in an archive.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Harassment => "harassment",
            Self::Hate => "hate",
            Self::Violence => "violence",
            Self::Sexual => "sexual",
            Self::SelfHarm => "self-harm",
            Self::Impersonation => "impersonation",
            Self::Illegal => "illegal",
            Self::Other => "other",
        }
    }
}

/// What a moderator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Action {
    Dismiss = 1,
    DeleteMessage = 2,
    SuspendUser = 3,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
