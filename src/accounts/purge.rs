//! Lets go of sessions whose time is over.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::db::Tx;
use crate::entity::session;
use crate::feed::{Answers, Quiet, Rank};
use crate::limits;

impl Accounts {
    /// Keeps sessions true to the tables, and the tables free of those that are over, until the program ends.
    pub async fn keep(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.keep_looking() => {}
            () = self.keep_purged() => {}
        }
    }

    /// Purges at the start and then once in a while.
    async fn keep_purged(&self) {
        let clock = &self.app.clock;
        loop {
            self.app.feed.hand_over(Purge);
            clock.sleep_until(clock.now() + limits::PURGE_EVERY).await;
        }
    }
}

/// Ends in the tables what has ended in time.
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
