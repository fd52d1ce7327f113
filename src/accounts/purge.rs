//! Deletes expired sessions and rates, and closes sockets of ended ones.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::clock::Timestamp;
use crate::confirmed_time::ConfirmedTime;
use crate::db::Tx;
use crate::entity::session;
use crate::feed::{Answers, Quiet, Rank};
use crate::limits;

impl Accounts {
    /// Closes sockets of sessions that other processes end, and deletes expired sessions, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.close_revoked_sockets() => {}
            () = self.follow_other_nodes() => {}
            () = self.purge_regularly() => {}
        }
    }

    /// Purges regularly, by a time of day that can be trusted.
    async fn purge_regularly(&self) {
        let clock = &self.app.clock;
        let mut time = ConfirmedTime::new(clock.clone(), "expired sessions");
        loop {
            clock.sleep(limits::PURGE_EVERY).await;
            self.app.leader.comes_here().await;
            if let Some(now) = time.now() {
                self.app.feed.append_or_drop(Purge { now });
                if let Err(error) = self.rates.purge(now).await {
                    tracing::debug!(error = %error, "old rates were not removed, they are later: {error}");
                }
            }
        }
    }
}

/// Deletes sessions that had expired at a time.
#[derive(Clone)]
struct Purge {
    now: Timestamp,
}

impl Quiet for Purge {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, purges: Vec<Self>) -> Answers<Self> {
        if let Some(now) = purges.iter().map(|purge| purge.now).max() {
            session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now)).exec(tx).await?;
        }
        Ok(vec![(); purges.len()])
    }
}
