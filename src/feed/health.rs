//! Whether the writer can write: after a failure it can't, until a probe succeeds.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::db::{self, Tx};
use crate::entity::feed_head;
use crate::error::Result;
use crate::feed::Feed;
use crate::feed::change::{Answers, Quiet, Rank};
use crate::limits;

/// The outcome of the latest batches.
pub(super) struct Health(watch::Sender<HealthState>);

#[derive(Default)]
struct HealthState {
    /// Batches that failed since it last could write; 0 if it can.
    failed: u64,
    /// Why the latest of them failed.
    why: String,
}

impl Default for Health {
    fn default() -> Self {
        Self(watch::Sender::new(HealthState::default()))
    }
}

impl Health {
    pub(super) fn can_write(&self) -> bool {
        self.0.borrow().failed == 0
    }

    /// A batch failed. Logged as an error once for each reason: a full disk fails every batch for hours.
    pub(super) fn failed(&self, error: &DbErr, changes: usize) {
        let why = db::reason(error);
        self.0.send_modify(|state| {
            if state.why == why {
                tracing::debug!(error = %why, changes, "another batch of {changes} changes was not written: {why}");
            } else {
                tracing::error!(error = %why, changes, "a batch of {changes} changes was not written: {why}");
            }
            state.failed += 1;
            state.why = why;
        });
    }

    /// A probe succeeded; the writer is healthy unless more than `failed` batches have failed by now.
    fn could_write(&self, failed: u64) {
        let is_well = self.0.send_if_modified(|state| {
            let is_well = state.failed == failed;
            if is_well {
                *state = HealthState::default();
            }
            is_well
        });
        if is_well {
            tracing::warn!(
                batches = failed,
                "the database accepts changes again; batches that were not written: {failed}"
            );
        }
    }
}

/// Probes after a failure, at once and then at intervals, until `stop` is cancelled. The success of another change proves
/// little: on a full disk a small one can still fit.
pub(super) async fn keep_probing(feed: Feed, stop: CancellationToken) {
    let probing = async {
        let mut state = feed.health.0.subscribe();
        // The sender is the health itself.
        while let Ok(failed) = state.wait_for(|state| state.failed > 0).await.map(|state| state.failed) {
            match probe(&feed).await {
                Ok(()) => feed.health.could_write(failed),
                // The writer has logged why.
                Err(_) => sleep(limits::PROBE_EVERY).await,
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = probing => {}
    }
}

/// Writes as much to the disk as a few messages do, a page of the database with each commit.
async fn probe(feed: &Feed) -> Result<()> {
    for _ in 0..limits::PROBE_WRITES {
        feed.append(Probe).await?;
    }
    Ok(())
}

/// Changes a value and changes it back, in one transaction.
#[derive(Clone)]
struct Probe;

impl Quiet for Probe {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, probes: Vec<Self>) -> Answers<Self> {
        // SQLite writes no page for a value that does not change.
        for step in [1, -1] {
            feed_head::Entity::update_many()
                .col_expr(feed_head::Column::Position, Expr::col(feed_head::Column::Position).add(step))
                .filter(feed_head::Column::Id.eq(1))
                .exec(tx)
                .await?;
        }
        Ok(vec![(); probes.len()])
    }
}
