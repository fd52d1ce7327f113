//! What the hot changes write, as operations on sets of rows, either way. Everything else writes with [`insert`] and
//! [`upsert`] where its rule is.

use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::rows::{insert, merge, upsert};
use super::{Dialect, HotSource, Tx, postgres};
use crate::entity::{conversation, feed_event, feed_head, membership, mention, message};

impl Tx {
    /// Takes `count` positions of the feed; returns the last one before them, and the nonce that the log has there, where
    /// other nodes write to it as well.
    pub async fn take_positions(&self, count: i64) -> Result<(i64, Option<i64>), DbErr> {
        if let Some(hot) = self.hot() {
            return Ok((hot.take_positions(count)?, None));
        }
        if self.dialect() == Dialect::Postgres {
            return postgres::take_positions(self, count).await;
        }
        let head = feed_head::Entity::update_many()
            .col_expr(feed_head::Column::Position, Expr::col(feed_head::Column::Position).add(count))
            .filter(feed_head::Column::Id.eq(1))
            .exec_with_returning(self)
            .await?;
        match head.as_slice() {
            [head] => Ok((head.position - count, None)),
            _ => Err(DbErr::Custom("the feed has no head".into())),
        }
    }

    /// Appends events to the log.
    pub async fn append_log(&self, events: Vec<feed_event::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.append_log(&events);
        }
        insert(self, events).await
    }

    /// Inserts messages whose ids are new.
    pub async fn insert_messages(&self, messages: Vec<message::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.insert_messages(&messages);
        }
        insert(self, messages).await
    }

    /// Inserts whom new messages call.
    pub async fn insert_mentions(&self, mentions: Vec<mention::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.insert_mentions(&mentions);
        }
        insert(self, mentions).await
    }

    /// Inserts conversations, or sets how far those that exist go: `last_seq`, `last_position` and `active_position`.
    pub async fn advance_conversations(&self, conversations: Vec<conversation::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.advance_conversations(&conversations);
        }
        use conversation::Column::{ActivePosition, LastPosition, LastSeq};
        upsert(self, conversations, [LastSeq, LastPosition, ActivePosition]).await
    }

    /// Sets the position of the newest event of each of these conversations.
    pub async fn set_last_positions(&self, conversations: Vec<conversation::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.set_last_positions(&conversations);
        }
        upsert(self, conversations, [conversation::Column::LastPosition]).await
    }

    /// Inserts memberships, or sets the read marks of those that exist.
    pub async fn set_read_marks(&self, memberships: Vec<membership::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.set_read_marks(&memberships);
        }
        upsert(self, memberships, [membership::Column::LastReadSeq]).await
    }

    /// Moves read marks forward, never back: a message of the same batch may have moved one farther. What was marked as
    /// unread by hand is read.
    pub async fn move_read_marks(&self, memberships: Vec<membership::Model>) -> Result<(), DbErr> {
        if let Some(hot) = self.hot() {
            return hot.move_read_marks(&memberships);
        }
        let (stored, given) =
            (|column| Expr::col((membership::Entity, column)), |column| Expr::col((Alias::new("excluded"), column)));
        let mark = membership::Column::LastReadSeq;
        let farther = Expr::case(given(mark).gt(stored(mark)), given(mark)).finally(stored(mark));
        let unread = membership::Column::IsMarkedUnread;
        merge(self, memberships, |known| known.value(mark, farther).value(unread, Expr::value(false))).await
    }
}
