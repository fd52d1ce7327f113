//! Deletes expired sessions, and closes sockets of ended ones.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
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
            () = self.purge_regularly() => {}
        }
    }

    /// Purges at the start and then regularly.
    async fn purge_regularly(&self) {
        let clock = &self.app.clock;
        loop {
            self.app.feed.append_or_drop(Purge);
            clock.sleep_until(clock.now() + limits::PURGE_EVERY).await;
        }
    }
}

/// Deletes expired sessions.
#[derive(Clone)]
struct Purge;

impl Quiet for Purge {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, purges: Vec<Self>) -> Answers<Self> {
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(tx.now)).exec(tx).await?;
        Ok(vec![(); purges.len()])
    }
}
