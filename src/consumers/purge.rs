//! Deletes consumers that nobody uses, and writes that those of open subscriptions are used.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::change::{ConsumerChange, ConsumerStep};
use super::claims::Claims;
use crate::app::App;
use crate::clock::Timestamp;
use crate::confirmed_time::ConfirmedTime;
use crate::db::Tx;
use crate::entity::consumer;
use crate::feed::{Answers, Quiet, Rank};
use crate::limits;

/// Keeps this node's open consumers in use. On the node that leads it also purges, by a time of day that can be trusted.
pub(super) async fn keep_purged(app: &App, claims: &Claims) {
    let mut time = ConfirmedTime::new(app.clock.clone(), "unused consumers");
    loop {
        app.clock.sleep(limits::PURGE_EVERY).await;
        for claim in claims.written(None) {
            let (user, name) = claim.key();
            app.feed.append_or_drop(ConsumerChange::new(*user, name, ConsumerStep::Use));
        }
        // Read on every node, so that one that comes to lead knows whether its clock went evenly.
        let Some(now) = time.now().filter(|_| app.leader.is_here()) else { continue };
        let kept = i64::try_from(limits::CONSUMER_UNUSED.as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = app.feed.append(ConsumerPurge { before: Timestamp(now.0 - kept) }).await {
            tracing::warn!(error = %error, "unused consumers could not be deleted, it is tried again later");
        }
    }
}

/// Deletes the consumers that were used last before this time.
#[derive(Clone)]
struct ConsumerPurge {
    before: Timestamp,
}

impl Quiet for ConsumerPurge {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        for Self { before } in &changes {
            let unused = consumer::Entity::delete_many().filter(consumer::Column::UsedAt.lt(*before));
            unused.exec(tx).await?;
        }
        Ok(changes.iter().map(|_| ()).collect())
    }
}
