//! Erasing accounts. Personal data is deleted before the request is answered; messages become tombstones, so that the
//! conversations of others stay readable.
//!
//! An erasure has three steps, each complete in itself. [`close`] closes the account and records that an erasure is in
//! progress: from then on the person can start nothing, and readers get tombstones for their messages. [`leave`] takes
//! them out of their groups and notifies everybody. [`sweep`] clears the stored texts in small batches in the
//! background. After a restart an erasure continues where it stopped.

mod close;
mod leave;
mod sweep;

use std::net::IpAddr;
use std::sync::Arc;

use sea_orm::{EntityTrait, QueryOrder};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::{self, Accounts, UsersKey, Viewer};
use crate::app::App;
use crate::audit::{AuditAction, AuditActor, AuditRecord, Operator};
use crate::entity::erasure;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::images::Images;
use crate::limits;
use crate::presence::PresenceTracker;
use crate::search::Search;

/// Erases accounts. Clones share the work.
#[derive(Clone)]
pub struct Erasure {
    app: App,
    traces: Traces,
    /// Notified when there is something to sweep.
    wake: Arc<Notify>,
    leaving: TaskTracker,
}

/// The services that hold data of a person besides the database.
#[derive(Clone)]
pub struct Traces {
    /// Their pictures and images.
    pub images: Images,
    /// Their sessions, which may have open sockets.
    pub accounts: Accounts,
    /// Their presence.
    pub presence: PresenceTracker,
    /// The index with the words of their messages.
    pub search: Search,
}

impl Erasure {
    /// Creates the erasure service.
    pub fn new(app: App, traces: Traces) -> Self {
        Self { app, traces, wake: Arc::default(), leaving: TaskTracker::new() }
    }

    /// Erases the viewer's account. Afterwards no one can read any message of theirs, and their name, e-mail address
    /// and sessions are deleted. The address is that of the request.
    pub async fn erase(&self, viewer: &Viewer, address: IpAddr) -> Result<()> {
        let user = viewer.user();
        let actor = AuditActor::User { user, address };
        self.erase_person(user, AuditRecord::new(actor, AuditAction::UserErased, user)).await
    }

    async fn erase_person(&self, user: UserId, done: AuditRecord) -> Result<()> {
        let erasure = self.clone();
        // In a task of its own, so that it completes even if the caller stops waiting.
        let left = self.leaving.spawn(async move { erasure.close_and_leave(user, done).await });
        left.await.map_err(|panic| Error::Internal(panic.into()))?
    }

    /// Erases a person of the app for its backend; again is no change. `NotFound` if there is none.
    pub async fn erase_by_key(&self, key: UsersKey, user: UserId) -> Result<()> {
        self.app.rates.key_changes.take(&key.id())?;
        accounts::find(&self.app, user).await?.ok_or(Error::NotFound)?;
        self.erase_person(user, key.record(AuditAction::UserErased, user)).await
    }

    /// Erases a person for the operator. `NotFound` if there is none.
    pub async fn erase_for_operator(&self, by: &Operator, user: UserId) -> Result<()> {
        accounts::find(&self.app, user).await?.ok_or(Error::NotFound)?;
        self.erase_person(user, by.record(AuditAction::UserErased, user)).await
    }

    async fn close_and_leave(&self, user: UserId, done: AuditRecord) -> Result<()> {
        for session in self.app.feed.append_recorded(close::Close { user }, [done]).await? {
            self.traces.accounts.ended(session);
        }
        self.traces.accounts.tokens_ended(user);
        self.traces.presence.go_offline_everywhere(user);
        self.traces.images.delete_soon();
        let announced = self.app.feed.append(leave::Leave { user }).await;
        tracing::info!(event = "user.erased", user.id = %user, "{user} was erased");
        self.wake.notify_one();
        announced
    }

    /// Completes erasures, at the start and whenever somebody is erased, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let sweeping = async {
            loop {
                if let Err(error) = self.finish_all().await {
                    tracing::warn!(error = ?error, "an erasure will be retried: the database rejected it");
                    tokio::time::sleep(limits::ERASURE_RETRY).await;
                    continue;
                }
                tokio::select! {
                    () = self.wake.notified() => {}
                    // Those that another node has begun, and did not live to finish.
                    () = async {
                        tokio::time::sleep(limits::ERASURE_LOOK).await;
                        self.app.leader.comes_here().await;
                    } => {}
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sweeping => {}
        }
        self.leaving.close();
        self.leaving.wait().await;
    }

    /// Completes every erasure in progress.
    async fn finish_all(&self) -> Result<()> {
        let under_way = erasure::Entity::find().order_by_asc(erasure::Column::ErasedAt);
        let under_way = under_way.all(&self.app.db.reader).await?;
        let is_idle = under_way.is_empty();
        for erasure in under_way {
            if erasure.published_position.is_none() {
                self.app.feed.append(leave::Leave { user: erasure.user_id }).await?;
            }
            sweep::sweep(&self.app, &erasure).await?;
        }
        if !is_idle {
            self.cut_the_log().await?;
        }
        Ok(())
    }

    /// Removes the cleared texts from the database's log too. That needs the search index to have removed them, and a
    /// moment without readers and writers.
    async fn cut_the_log(&self) -> Result<()> {
        for _ in 0..limits::ERASURE_CUTS {
            if self.traces.search.has_purged_deleted_texts().await? && self.app.db.truncate_wal().await? {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(limits::ERASURE_RETRY) => {}
                () = self.wake.notified() => {
                    // Another erasure has begun: it is swept first, and the log is truncated afterwards.
                    self.wake.notify_one();
                    return Ok(());
                }
            }
        }
        tracing::warn!("the database's log is in use and keeps erased texts until it is overwritten");
        Ok(())
    }
}
