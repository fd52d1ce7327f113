//! Trims the log: events past their retention are deleted in small batches, through the writer like every change.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Timestamp};
use crate::confirmed_time::ConfirmedTime;
use crate::db::Tx;
use crate::entity::feed_event;
use crate::feed::change::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::feed::{Feed, Position};
use crate::leader::Leader;
use crate::limits;

/// Trims at intervals, by a time of day that can be trusted, until `stop` is cancelled.
pub(super) async fn keep_trimmed(feed: Feed, clock: Clock, leader: Leader, stop: CancellationToken) {
    let mut time = ConfirmedTime::new(clock.clone(), "old events");
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep(limits::TRIM_EVERY) => {}
        }
        let Some(now) = time.now() else { continue };
        tokio::select! {
            () = stop.cancelled() => return,
            () = async {
                leader.comes_here().await;
                trim(&feed, now).await;
            } => {}
        }
    }
}

async fn trim(feed: &Feed, now: Timestamp) {
    let kept = Duration::from_secs(u64::from(limits::FEED_RETENTION_DAYS) * 24 * 3600);
    let before = Timestamp(now.0 - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    loop {
        match feed.append(Trim { before }).await {
            Ok(trimmed) if trimmed == limits::TRIM_EVENTS => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(error = %error, "the feed's log could not be trimmed, it is tried again later");
                return;
            }
        }
    }
}

/// Deletes the oldest events, as far as they are from before this time.
struct Trim {
    before: Timestamp,
}

impl Change for Trim {
    /// How many were deleted.
    type Answer = u64;
    /// The newest to delete, and how many.
    type Write = (Position, u64);
    const RANK: Rank = Rank::Housekeeping;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        // One more than may be deleted: the newest row of all is kept, as the log's head is read from it.
        let oldest = feed_event::Entity::find()
            .select_only()
            .column(feed_event::Column::Position)
            .column(feed_event::Column::CreatedAt)
            .order_by_asc(feed_event::Column::Position)
            .limit(limits::TRIM_EVENTS + 1)
            .into_tuple::<(Position, Timestamp)>()
            .all(tx)
            .await?;
        let but_the_last = oldest.split_last().map_or(&[][..], |(_, rest)| rest);
        let plan = |change: &Self| {
            let old = but_the_last.iter().take_while(|(_, at)| *at < change.before);
            Ok(match old.clone().last() {
                Some((newest, _)) => Plan::Write { write: (*newest, old.count() as u64), events: 0 },
                None => Plan::Done(0),
            })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self::Write>>) -> Writes<Self> {
        if let Some(newest) = writes.iter().map(|placed| placed.write.0).max() {
            feed_event::Entity::delete_many().filter(feed_event::Column::Position.lte(newest)).exec(tx).await?;
        }
        Ok(writes.into_iter().map(|placed| Written::silent(placed.write.1)).collect())
    }
}
