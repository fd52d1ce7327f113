//! Maintains the index: it follows the messages by a position of its own, in the order of the feed, and updates what
//! has changed since. Rebuilding it is following from the start.

use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::db::{Fault, Tx};
use crate::error::Result;
use crate::feed::{Answers, Quiet, Rank};
use crate::limits;
use crate::search::Search;
use crate::search::index::Index;

impl Search {
    /// Maintains the index until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let keeping = async {
            let mut is_damaged = false;
            loop {
                if let Err(error) = self.catch_up(&mut is_damaged).await {
                    tracing::warn!(error = ?error, "the search index is behind, it is tried again later: {error:?}");
                    let clock = &self.app.clock;
                    clock.sleep(limits::INDEX_RETRY).await;
                    continue;
                }
                // At intervals on one node, or at once on any if a search waits there.
                tokio::select! {
                    () = self.wanted.notified() => {}
                    () = async {
                        sleep(limits::INDEX_EVERY).await;
                        self.app.leader.comes_here().await;
                    } => {}
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = keeping => {}
        }
    }

    /// Whether the index has removed all texts that no longer exist. If not, it is about to.
    pub async fn has_purged_deleted_texts(&self) -> Result<bool> {
        let has_former_texts = self.index().has_former_texts(&self.app.db.reader).await?;
        if has_former_texts {
            self.wanted.notify_one();
        }
        Ok(!has_former_texts)
    }

    /// Indexes everything up to the head, a batch at a time. What is sent meanwhile waits for the next time: while much is
    /// sent, a few large batches cost less than one for each batch of messages. An index that fails for a reason that does
    /// not pass is rebuilt.
    async fn catch_up(&self, is_damaged: &mut bool) -> Result<()> {
        let head = self.app.feed.head().position;
        loop {
            if !*is_damaged && !self.index().is_behind(&self.app.db.reader, head).await? {
                self.indexed.send_replace(head);
                return Ok(());
            }
            let indexed = self.app.feed.append(CatchUp { is_damaged: *is_damaged }).await?;
            *is_damaged = indexed.is_err();
            indexed?;
        }
    }
}

/// Indexes the next messages, and updates those that are indexed.
#[derive(Clone)]
pub(super) struct CatchUp {
    /// Whether to rebuild it.
    pub(super) is_damaged: bool,
}

impl Quiet for CatchUp {
    /// A damaged index does not fail the rest of the batch.
    type Answer = Result<(), DbErr>;
    const RANK: Rank = Rank::Housekeeping;

    fn is_hot(&self) -> bool {
        true
    }

    /// Reads everything here and not before: the batch may have changed a message by now.
    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let index = Index::of(tx.dialect());
        let mut answers = Vec::with_capacity(changes.len());
        for Self { is_damaged } in changes {
            let savepoint = tx.savepoint().await?;
            let answer = index.go_on(&savepoint, is_damaged).await;
            match &answer {
                Ok(()) => savepoint.commit().await?,
                // If SQLite has ended the whole transaction by itself, this fails, and the batch with it.
                Err(error) if is_damage(error) => savepoint.rollback().await?,
                Err(error) => return Err(error.clone()),
            }
            answers.push(answer);
        }
        Ok(answers)
    }
}

/// Whether the index itself fails, and not the disk or another process that holds the lock.
fn is_damage(error: &DbErr) -> bool {
    Fault::of(error) == Fault::Broken
}
