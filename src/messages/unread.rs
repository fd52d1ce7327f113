//! Unread counts: a difference of seqs, never a count of messages.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, RelationTrait};

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations;
use crate::entity::{conversation, membership};
use crate::error::Result;

/// What the viewer has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Unread {
    /// Messages, including tombstones.
    pub messages: i64,
    /// Conversations with unread messages.
    pub conversations: i64,
}

/// Sums up what the viewer has not read in all their conversations.
pub async fn unread(app: &App, viewer: &Viewer) -> Result<Unread> {
    let behind = || {
        Expr::col((conversation::Entity, conversation::Column::LastSeq))
            .sub(Expr::col((membership::Entity, membership::Column::LastReadSeq)))
    };
    let sum = conversations::current_rows()
        .join(JoinType::InnerJoin, membership::Relation::Conversation.def())
        .filter(membership::Column::UserId.eq(viewer.user()))
        .filter(behind().gt(0))
        .select_only()
        .column_as(behind().sum().if_null(0), "messages")
        .column_as(behind().count(), "conversations")
        .into_model::<Unread>()
        .one(&app.db.reader)
        .await?;
    Ok(sum.unwrap_or_default())
}
