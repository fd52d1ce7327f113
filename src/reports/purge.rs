//! Deletes reports 90 days after they were closed, with the images that only they kept.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Timestamp;
use crate::confirmed_time::ConfirmedTime;
use crate::db::Tx;
use crate::entity::report;
use crate::feed::{Answers, Quiet, Rank};
use crate::id::ImageId;
use crate::images::{self, Images};
use crate::limits;

/// Purges at intervals, by a time of day that can be trusted, until the program ends.
pub(crate) async fn run_background(app: App, images: Images, shutdown: CancellationToken) {
    let purging = async {
        let mut time = ConfirmedTime::new(app.clock.clone(), "closed reports");
        loop {
            app.clock.sleep(limits::PURGE_EVERY).await;
            let Some(now) = time.now() else { continue };
            app.leader.comes_here().await;
            purge(&app, now - limits::REPORT_KEPT).await;
            images.delete_soon();
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = purging => {}
    }
}

async fn purge(app: &App, before: Timestamp) {
    loop {
        match app.feed.append(ReportPurge { before }).await {
            Ok(limits::REPORTS_PURGED) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(error = %error, "old reports could not be deleted, it is tried again later: {error}");
                return;
            }
        }
    }
}

/// Deletes a few reports that were closed before this time.
#[derive(Clone)]
struct ReportPurge {
    before: Timestamp,
}

impl Quiet for ReportPurge {
    /// How many were deleted.
    type Answer = u64;
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let mut answers = Vec::with_capacity(changes.len());
        for Self { before } in changes {
            let old = report::Entity::find()
                .filter(report::Column::ResolvedAt.lt(before))
                .limit(limits::REPORTS_PURGED)
                .all(tx)
                .await?;
            let ids = old.iter().map(|report| report.id);
            report::Entity::delete_many().filter(report::Column::Id.is_in(ids)).exec(tx).await?;
            let kept: Vec<ImageId> = old.iter().filter_map(|report| report.image_id).collect();
            images::release(tx, &kept).await?;
            answers.push(old.len() as u64);
        }
        Ok(answers)
    }
}
