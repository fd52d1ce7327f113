//! Deletes expired sessions and rates and old entries of the audit log, and closes sockets of ended sessions.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::audit;
use crate::clock::Timestamp;
use crate::confirmed_time::ConfirmedTime;
use crate::db::Tx;
use crate::entity::session;
use crate::error::Result;
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
            () = self.keep_names_found() => {}
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
                self.app.feed.append_or_drop(SessionPurge { now });
                if let Err(error) = self.rates.purge(now).await {
                    tracing::debug!(error = %error, "old rates were not removed, they are later: {error}");
                }
                if let Err(error) = self.purge_audit(now).await {
                    tracing::debug!(error = %error, "old entries were not removed, they are later: {error}");
                }
            }
        }
    }
}

impl Accounts {
    /// Removes the entries of the audit log that are old at a time, a few in each transaction.
    async fn purge_audit(&self, now: Timestamp) -> Result<()> {
        let before = now - Duration::from_secs(u64::from(self.app.config.audit_days) * 24 * 3600);
        while self.app.feed.append(PurgeAudit { before }).await? == limits::AUDIT_REMOVALS {}
        Ok(())
    }
}

#[derive(Clone)]
struct PurgeAudit {
    before: Timestamp,
}

impl Quiet for PurgeAudit {
    /// How many were removed.
    type Answer = u64;
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, purges: Vec<Self>) -> Answers<Self> {
        let mut removed = Vec::with_capacity(purges.len());
        for PurgeAudit { before } in purges {
            removed.push(audit::remove_before(tx, before).await?);
        }
        Ok(removed)
    }
}

/// Deletes sessions that had expired at a time.
#[derive(Clone)]
struct SessionPurge {
    now: Timestamp,
}

impl Quiet for SessionPurge {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, purges: Vec<Self>) -> Answers<Self> {
        if let Some(now) = purges.iter().map(|purge| purge.now).max() {
            session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now)).exec(tx).await?;
        }
        Ok(vec![(); purges.len()])
    }
}
