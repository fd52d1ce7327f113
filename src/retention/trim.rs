//! Deletes the oldest messages of a conversation, and says so in the feed.

use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::{conversation, message};
use crate::feed::{Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId};
use crate::images;
use crate::limits;

/// Deletes messages of a conversation that are from before this time, the oldest first, up to
/// [`limits::RETENTION_MESSAGES`].
pub(super) struct TrimHistory {
    pub(super) conversation: ConversationId,
    pub(super) before: Timestamp,
}

/// Which messages go: those before a seq.
pub(super) struct Range {
    conversation: ConversationId,
    before_seq: i32,
    messages: u64,
    images: Vec<ImageId>,
}

impl Change for TrimHistory {
    /// How many were deleted.
    type Answer = u64;
    type Write = Range;
    // Behind everything else that the batch does to the messages: some of it writes whole rows.
    const RANK: Rank = Rank::Housekeeping;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut plans = Vec::with_capacity(changes.len());
        for change in changes {
            let place = conversation::Entity::find_by_id(change.conversation).one(tx).await?;
            let range = match place {
                Some(place) => change.range(tx, place.first_seq).await?,
                None => None,
            };
            plans.push(Ok(match range {
                Some(range) => Plan::Write { write: range, events: 1 },
                None => Plan::Done(0),
            }));
        }
        Ok(plans)
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Range>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: range, first } in writes {
            // Reactions, mentions and words go with the rows, by a trigger.
            message::Entity::delete_many()
                .filter(message::Column::ConversationId.eq(range.conversation))
                .filter(message::Column::Seq.lt(range.before_seq))
                .exec(tx)
                .await?;
            images::detach(tx, &range.images).await?;
            // A mark before the first seq counts as one just before it, so no older block is asked for.
            let blocks = "DELETE FROM uncounted_block WHERE conversation_id = $1 AND block < $2 / 1024";
            let values = [range.conversation.into(), range.before_seq.into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), blocks, values)).await?;
            conversation::Entity::update_many()
                .col_expr(conversation::Column::FirstSeq, Expr::value(range.before_seq))
                .col_expr(conversation::Column::LastPosition, Expr::value(first.position))
                .filter(conversation::Column::Id.eq(range.conversation))
                .exec(tx)
                .await?;
            let event = NewEvent::new(EventKind::HistoryTrimmed, Audience::Conversation(range.conversation));
            let detail = Some(Arc::from(range.before_seq.to_string()));
            written.push(Written { answer: range.messages, events: vec![NewEvent { detail, ..event }] });
        }
        Ok(written)
    }
}

impl TrimHistory {
    /// The oldest messages, up to the first that is not old enough: times need not be in the order of seqs, as clocks are
    /// set.
    async fn range(&self, tx: &Tx, first_seq: i32) -> Result<Option<Range>, DbErr> {
        let oldest = message::Entity::find()
            .select_only()
            .columns([message::Column::Seq, message::Column::CreatedAt, message::Column::ImageId])
            .filter(message::Column::ConversationId.eq(self.conversation))
            .filter(message::Column::Seq.gte(first_seq))
            .order_by_asc(message::Column::Seq)
            .limit(limits::RETENTION_MESSAGES)
            .into_tuple::<(i32, Timestamp, Option<ImageId>)>()
            .all(tx)
            .await?;
        let old = oldest.iter().take_while(|(_, at, _)| *at < self.before);
        let Some((last, ..)) = old.clone().last() else { return Ok(None) };
        Ok(Some(Range {
            conversation: self.conversation,
            before_seq: last + 1,
            messages: old.clone().count() as u64,
            images: old.filter_map(|(_, _, image)| *image).collect(),
        }))
    }
}
