//! Turns to read the log: after a restart, for instance, many reconnect at once, and one person may reconnect with
//! hundreds of subscriptions.

use crate::config::Config;
use crate::detached::detached;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;
use crate::turns::{FairTurns, Turn};

/// Who may read what they missed. Clones share it.
#[derive(Clone)]
pub(super) struct ReplayTurns {
    /// Running statements: held while the database works.
    reads: FairTurns<UserId>,
    /// Pages in memory: held until the last event of the page is delivered, which takes long with a slow client. So they
    /// are apart from the reads, which are few.
    pages: FairTurns<UserId>,
}

impl ReplayTurns {
    pub(super) fn new(config: &Config) -> Self {
        let turns = |bounds| FairTurns::new(if config.rate_limits { bounds } else { bounds.without_shares() });
        Self { reads: turns(limits::REPLAY_READS), pages: turns(limits::REPLAY_PAGES) }
    }

    /// Reads from the log when it is this person's turn. On a task of its own: a socket whose client does not read must
    /// hold neither the turn nor a connection.
    pub(super) async fn read<T: Send + 'static, E: Send + 'static>(
        &self,
        user: UserId,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T>
    where
        Error: From<E>,
    {
        let reads = self.reads.clone();
        detached(async move {
            let _turn = reads.enter(&user).await?;
            Ok(work.await?)
        })
        .await
    }

    /// Waits until this person may have one more page in memory.
    pub(super) async fn page(&self, user: UserId) -> Result<Turn<UserId>> {
        Ok(self.pages.enter(&user).await?)
    }
}
