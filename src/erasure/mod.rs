//! Leaving for good. What a person was is gone when they are answered; what they wrote stays as tombstones, so that the
//! others' conversations can be read.
//!
//! Three steps, each of them whole. [`close`] ends the account and writes down that an erasure is under way: from then on
//! nothing of the person can begin, and whoever reads messages gets tombstones for theirs. [`leave`] takes them out of
//! their groups and tells everybody. [`sweep`] clears the texts themselves, a few at a time, as nobody waits for it.
//! Where the program ends in between, it goes on at the next start.

mod close;
mod leave;
mod sweep;

use std::sync::Arc;

use sea_orm::{EntityTrait, QueryOrder};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::app::App;
use crate::entity::erasure;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::images::Images;
use crate::limits;
use crate::presence::Presence;
use crate::search::Search;

/// Erases people. Clones share the work.
#[derive(Clone)]
pub struct Erasure {
    app: App,
    traces: Traces,
    /// Rung when there is something to sweep.
    wake: Arc<Notify>,
    leaving: TaskTracker,
}

/// Where a person leaves something beside the database.
#[derive(Clone)]
pub struct Traces {
    /// Their pictures.
    pub images: Images,
    /// Their sessions, some of which are open.
    pub accounts: Accounts,
    /// Whether they are here.
    pub presence: Presence,
    /// The words of what they wrote.
    pub search: Search,
}

impl Erasure {
    /// Erasures of this program.
    pub fn new(app: App, traces: Traces) -> Self {
        Self { app, traces, wake: Arc::default(), leaving: TaskTracker::new() }
    }

    /// Erases a person. Afterwards nobody can read anything of theirs; their name, e-mail and sessions are gone.
    pub async fn erase(&self, user: UserId) -> Result<()> {
        let erasure = self.clone();
        // In a task of its own: whoever does not wait for the answer has left all the same.
        let left = self.leaving.spawn(async move { erasure.close_and_leave(user).await });
        left.await.map_err(|panic| Error::Internal(panic.into()))?
    }

    async fn close_and_leave(&self, user: UserId) -> Result<()> {
        for session in self.app.feed.append(close::Close { user }).await? {
            self.traces.accounts.ended(session);
        }
        self.traces.presence.forget(user);
        self.traces.images.delete_soon();
        let told = self.app.feed.append(leave::Leave { user }).await;
        tracing::info!(user.id = %user, "{user} has left for good");
        self.wake.notify_one();
        told
    }

    /// Sweeps behind those who have left, at the start and whenever somebody does, until the program ends.
    pub async fn keep(self, shutdown: CancellationToken) {
        let sweeping = async {
            loop {
                if let Err(error) = self.finish_all().await {
                    tracing::warn!(error = ?error, "an erasure waits: the database does not take it just now");
                    tokio::time::sleep(limits::ERASURE_RETRY).await;
                    continue;
                }
                self.wake.notified().await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sweeping => {}
        }
        self.leaving.close();
        self.leaving.wait().await;
    }

    /// Brings every erasure that is under way to its end.
    async fn finish_all(&self) -> Result<()> {
        let under_way = erasure::Entity::find().order_by_asc(erasure::Column::ErasedAt);
        let under_way = under_way.all(&self.app.db.reader).await?;
        let is_idle = under_way.is_empty();
        for erasure in under_way {
            if erasure.told_position.is_none() {
                self.app.feed.append(leave::Leave { user: erasure.user_id }).await?;
            }
            sweep::sweep(&self.app, &erasure).await?;
        }
        if !is_idle {
            self.cut_the_log().await?;
        }
        Ok(())
    }

    /// Takes the cleared texts out of the database's log as well, once the search has let go of them too and nobody reads or
    /// writes for a moment.
    async fn cut_the_log(&self) -> Result<()> {
        for _ in 0..limits::ERASURE_CUTS {
            if self.traces.search.has_forgotten().await? && self.app.db.truncate_wal().await? {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(limits::ERASURE_RETRY) => {}
                () = self.wake.notified() => {
                    // The next one is swept first, and then all of it is cut.
                    self.wake.notify_one();
                    return Ok(());
                }
            }
        }
        tracing::warn!("the database's log is in use and holds what was erased until it is overwritten");
        Ok(())
    }
}
