//! The feed: one ordered log of everything that people in a conversation are notified of.
//!
//! It carries changes and events and knows no rule of chat. A slice implements [`Change`] to write, or [`Quiet`] if it
//! emits no events. A subscription reads from a [`Follower`].

mod change;
mod cursor;
mod event;
mod follow;
mod health;
mod hub;
mod inbox;
mod kinds;
mod log;
mod page;
mod replays;
mod rounds;
mod seal;
mod stretch;
mod trim;
mod writer;

use std::sync::Arc;

use sea_orm::DbErr;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use change::{Answers, Change, Placed, Plan, Plans, Quiet, Rank, Writes, Written};
pub use cursor::{Cursor, Position, positions};
pub use event::{Audience, Event, EventKind, NewEvent};
pub use follow::{Follower, Start, Step};
pub use inbox::{Edge, Inbox, Served, Take};
pub use kinds::KindSet;
pub use log::{Reset, known_in};
pub use page::EventPage;
pub use seal::CursorSeal;
pub use stretch::{EventScope, Stretch};

#[cfg(test)]
pub(crate) use writer::write_all;

use crate::audit::AuditRecord;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Writer};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::leader::Leader;
use crate::limits;
use crate::logging;
use change::{Batch, Batched};
use health::Health;
use hub::Hub;
use replays::ReplayTurns;

/// The handle of the feed. Clones share one feed.
#[derive(Clone)]
pub struct Feed {
    db: Db,
    hub: Arc<Hub>,
    seal: Arc<CursorSeal>,
    queue: mpsc::Sender<Box<dyn Batch>>,
    /// A permit for each change that is queued and not answered.
    places: Arc<Semaphore>,
    health: Arc<Health>,
    /// A few read the log at a time, so that many who reconnect at once do not starve the rest.
    replays: ReplayTurns,
}

/// The feed's tasks.
pub struct FeedTasks {
    writer: JoinHandle<Result<(), DbErr>>,
    keeper: JoinHandle<()>,
    trimmer: JoinHandle<()>,
    prober: JoinHandle<()>,
    stop: CancellationToken,
}

impl Feed {
    /// Starts the writer and the hub.
    pub async fn start(
        db: Db,
        writer: Writer,
        clock: Clock,
        config: &Config,
        (bus, leader): (&Bus, &Leader),
    ) -> Result<(Self, FeedTasks), DbErr> {
        let tx = writer.begin(clock.now()).await?;
        seal::ensure_key(&tx).await?;
        log::ensure_origin(&tx, writer::random_nonce()?).await?;
        tx.commit().await?;
        let hub = Arc::new(Hub::new(log::head(&db.reader).await?));
        let seal = Arc::new(CursorSeal::load(&db.reader, clock.clone()).await?);
        let (queue, waiting) = mpsc::channel(limits::WRITER_QUEUE);
        let stop = CancellationToken::new();
        let tracker = TaskTracker::new();
        let health = Arc::<Health>::default();
        let writer = writer::run(writer, clock.clone(), Arc::clone(&hub), Arc::clone(&health), waiting);
        let writer = tracker.spawn(abort_on_panic("writer", writer));
        let keeper =
            tracker.spawn(abort_on_panic("hub", Arc::clone(&hub).keep_up(db.clone(), bus.subscribe(), stop.clone())));
        let replays = ReplayTurns::new(config);
        let places = Arc::new(Semaphore::new(limits::WRITER_QUEUE));
        let feed = Self { db, hub, seal, queue, places, health, replays };
        let prober = tracker.spawn(abort_on_panic("prober", health::keep_probing(feed.clone(), stop.clone())));
        let trimmer = tracker
            .spawn(abort_on_panic("trimmer", trim::keep_trimmed(feed.clone(), clock, leader.clone(), stop.clone())));
        Ok((feed, FeedTasks { writer, keeper, trimmer, prober, stop }))
    }

    /// Queues a change for the writer and waits until it is committed or rejected.
    pub async fn append<C: Change>(&self, change: C) -> Result<C::Answer> {
        self.append_recorded(change, []).await
    }

    /// Likewise, and writes to the audit log in the same transaction, unless there was nothing to write.
    pub async fn append_recorded<C: Change>(
        &self,
        change: C,
        records: impl IntoIterator<Item = AuditRecord>,
    ) -> Result<C::Answer> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(change, records.into_iter().collect(), reply)?;
        answer.await.map_err(|_| Error::unavailable())?
    }

    /// Writes to the audit log what changes nothing in the database.
    pub async fn note(&self, record: AuditRecord) -> Result<()> {
        self.append_recorded(change::NothingElse, [record]).await
    }

    /// Queues a change without waiting. It is dropped if the queue is full: for what is repeated anyway, such as when
    /// somebody was last seen.
    pub fn append_or_drop<C: Change>(&self, change: C) {
        let (reply, _) = oneshot::channel();
        if self.enqueue(change, Vec::new(), reply).is_err() {
            tracing::debug!("a change that can be repeated was dropped, the queue is full");
        }
    }

    fn enqueue<C: Change>(
        &self,
        change: C,
        records: Vec<AuditRecord>,
        reply: oneshot::Sender<Result<C::Answer>>,
    ) -> Result<()> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::unavailable())?;
        let batch = Box::new(Batched::one(change, records, reply, place));
        self.queue.try_send(batch).map_err(|_| Error::unavailable())
    }

    /// Whether changes can be written now.
    pub fn can_write(&self) -> bool {
        self.health.can_write()
    }

    /// How many changes are queued or being written.
    pub fn queued(&self) -> usize {
        limits::WRITER_QUEUE.saturating_sub(self.places.available_permits())
    }

    /// The cursor of the newest event.
    pub fn head(&self) -> Cursor {
        self.hub.head()
    }

    /// What seals cursors, also those of lists that are ordered by position.
    pub fn seal(&self) -> &Arc<CursorSeal> {
        &self.seal
    }

    /// A cursor as clients see it.
    pub fn cursor_text(&self, cursor: Cursor) -> String {
        self.seal.cursor_text(cursor)
    }

    /// Where a client wants to start, by the cursor that it sent, if any.
    pub fn start_after(&self, after: Option<&str>) -> Start {
        after.map_or(Start::Now, |after| self.seal.read_cursor(after).map_or(Start::Garbage, Start::After))
    }

    /// Whether a cursor is of this database, even if its event was trimmed since. If that can't be read, the answer is
    /// yes: following it finds out.
    pub async fn is_ours(&self, cursor: Cursor) -> bool {
        let _turn = self.db.turn().await;
        match log::find_at(&self.db.reader, cursor.position).await {
            Ok(Some(at)) => at == cursor,
            Ok(None) => cursor.position < self.head().position,
            Err(_) => true,
        }
    }

    /// Follows the events of a person. Live events are first offered to `edge`.
    pub fn follow(&self, user: UserId, start: Start, edge: Option<Arc<dyn Edge>>) -> Follower {
        Follower::new(self.db.clone(), Arc::clone(&self.hub), self.replays.clone(), user, start, edge)
    }

    /// The next events of the log after a cursor, however far it is behind: see [`Stretch`].
    pub async fn stretch(
        &self,
        scope: EventScope,
        after: Cursor,
        upto: Option<Position>,
        first: u64,
        kinds: KindSet,
    ) -> Result<Stretch> {
        Ok(stretch::read(&self.db, scope, after, upto, (first, kinds)).await?)
    }

    /// The newest cursor of the log itself, of which this node may not have heard yet.
    pub async fn newest(&self) -> Result<Cursor> {
        Ok(log::head(&self.db.reader).await?)
    }

    /// The oldest cursor that the log still has.
    pub async fn oldest(&self) -> Result<Cursor> {
        Ok(log::oldest(&self.db.reader).await?)
    }

    /// Waits until this node has an event after a position.
    pub async fn is_past(&self, position: Position) {
        self.hub.is_past(position).await;
    }

    /// Waits until this node's listeners have all events that are committed now, for [`limits::DRAIN_DELIVERY`] at most.
    pub async fn is_delivered(&self) {
        let delivered = async {
            if let Ok(newest) = self.newest().await {
                self.hub.is_past(newest.position - 1).await;
                while !self.hub.is_idle() {
                    tokio::time::sleep(limits::DRAIN_LOOK).await;
                }
            }
        };
        if tokio::time::timeout(limits::DRAIN_DELIVERY, delivered).await.is_err() {
            tracing::debug!("some listeners do not have the newest events, they resume");
        }
    }

    /// A page of a person's events of these kinds after a cursor.
    pub async fn page(&self, user: UserId, start: Start, first: u64, kinds: KindSet) -> Result<EventPage> {
        let page = page::read(self.db.clone(), Arc::clone(&self.hub), user, start, first, kinds);
        self.replays.read(user, page).await
    }
}

impl FeedTasks {
    /// Waits until everything in the queue is written. All [`Feed`]s must be dropped, or it never ends.
    /// Then the writer's connection is closed.
    pub async fn finish(self) -> Result<(), DbErr> {
        self.stop.cancel();
        let (_, _, _, closed) = tokio::join!(self.keeper, self.trimmer, self.prober, self.writer);
        // A panic in one of them has already ended the process.
        closed.unwrap_or(Ok(()))
    }
}

/// A feed that has stopped must not look alive: a panic in one of its tasks ends the process.
async fn abort_on_panic<T>(name: &str, task: impl Future<Output = T>) -> T {
    use futures_util::FutureExt;
    match std::panic::AssertUnwindSafe(task).catch_unwind().await {
        Ok(ended) => ended,
        Err(_) => {
            tracing::error!("the feed's {name} panicked, the process ends");
            logging::flush();
            std::process::exit(70);
        }
    }
}
