//! The one writer: takes the queued changes, applies them in one transaction, publishes the events to the hub and answers.

use std::sync::Arc;

use futures_util::FutureExt;
use sea_orm::DbErr;
use tokio::sync::mpsc;

use crate::clock::{Clock, Timestamp, instant};
use crate::db::{HotConnection, Tx, Writer};
use crate::entity::feed_event;
use crate::feed::change::{Batch, Rank};
use crate::feed::cursor::{Cursor, positions};
use crate::feed::event::{Audience, Event};
use crate::feed::health::Health;
use crate::feed::hub::Hub;
use crate::feed::log;
use crate::limits;
use crate::metrics;
#[cfg(test)]
use {
    crate::error::Error,
    crate::feed::change::{Batched, Change},
    tokio::sync::{Semaphore, oneshot},
};

/// Runs until all handles of the queue are dropped and everything in it is written; then closes the connection.
pub(super) async fn run(
    mut writer: Writer,
    clock: Clock,
    hub: Arc<Hub>,
    health: Arc<Health>,
    mut queue: mpsc::Receiver<Box<dyn Batch>>,
) -> Result<(), DbErr> {
    let mut backlog: Vec<Box<dyn Batch>> = Vec::new();
    loop {
        if backlog.is_empty() && queue.recv_many(&mut backlog, limits::WRITER_BATCH).await == 0 {
            return writer.close().await;
        }
        // Bounded by the permits of the queue, which are released when a change is answered.
        while let Ok(change) = queue.try_recv() {
            backlog.push(change);
        }
        // Stable: otherwise changes keep the order in which they were queued.
        backlog.sort_by_key(|change| change.rank().may_wait());
        let rest = backlog.split_off(backlog.len().min(limits::WRITER_BATCH));
        backlog.sort_by_key(|change| change.rank());
        let batch = std::mem::replace(&mut backlog, rest);
        // What callers wait for is answered before the rest begins: to index messages takes as long as to write a hundred.
        let (jobs, calls): (Vec<_>, Vec<_>) = batch.into_iter().partition(|change| change.rank() == Rank::Housekeeping);
        for changes in [calls, jobs] {
            let (hot, others) = changes.into_iter().partition(|change| writer.hot.is_some() && change.is_hot());
            for changes in [hot, others] {
                commit(&mut writer, &clock, &hub, &health, merge(changes)).await;
            }
        }
    }
}

/// Puts changes of a kind together.
fn merge(changes: Vec<Box<dyn Batch>>) -> Vec<Box<dyn Batch>> {
    let mut batches: Vec<Box<dyn Batch>> = Vec::new();
    for change in changes {
        let unlike = batches.iter_mut().try_fold(change, |change, batch| match batch.absorb(change) {
            Some(unlike) => std::ops::ControlFlow::Continue(unlike),
            None => std::ops::ControlFlow::Break(()),
        });
        if let std::ops::ControlFlow::Continue(first_of_its_kind) = unlike {
            batches.push(first_of_its_kind);
        }
    }
    batches
}

async fn commit(writer: &mut Writer, clock: &Clock, hub: &Hub, health: &Health, mut batches: Vec<Box<dyn Batch>>) {
    if batches.is_empty() {
        return;
    }
    let is_hot = batches.iter().all(|batch| batch.is_hot());
    let changes = batches.iter().map(|batch| batch.len()).sum();
    let began = instant();
    let applied = match writer.hot.take_if(|_| is_hot) {
        Some(hot) => {
            let applied;
            (writer.hot, batches, applied) = apply_hot(hot, clock.now(), batches).await;
            applied
        }
        None => apply_until_known(writer, clock, &mut batches).await,
    };
    metrics::batch(is_hot, applied.is_ok(), changes, began.elapsed());
    match applied {
        Ok(WrittenBatch { before, events }) => {
            // Before the answers: a caller who then asks for the feed's cursor gets one that is after the change.
            hub.publish(before, events);
            for batch in batches {
                batch.answer(Ok(()));
            }
        }
        Err(error) => {
            health.failed(&error, changes);
            for batch in batches {
                batch.answer(Err(&error));
            }
        }
    }
}

/// Applies a batch of hot changes. On a thread that may block, as its connection does.
async fn apply_hot(
    mut hot: HotConnection,
    now: Timestamp,
    mut batches: Vec<Box<dyn Batch>>,
) -> (Option<HotConnection>, Vec<Box<dyn Batch>>, Result<WrittenBatch, DbErr>) {
    let apply = move || {
        let applied = async {
            let tx = Tx::begin_hot(&mut hot, now)?;
            let written = write(&tx, &mut batches).await?;
            tx.commit().await?;
            Ok(written)
        };
        let waited = || Err(DbErr::Custom("a hot change waited for something".into()));
        let applied = applied.now_or_never().unwrap_or_else(waited);
        hot.close_unless_at_rest();
        (Some(hot), batches, applied)
    };
    match tokio::task::spawn_blocking(apply).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and this task with it.
        Err(_) => std::future::pending().await,
    }
}

/// Applies a batch, again and again for as long as callers wait, where the database ended the transaction for a reason
/// that passes. When the answer to a commit is lost, the log says whether it happened.
async fn apply_until_known(
    writer: &mut Writer,
    clock: &Clock,
    batches: &mut [Box<dyn Batch>],
) -> Result<WrittenBatch, DbErr> {
    let until = clock.uptime() + limits::WRITE_PATIENCE;
    let mut unknown: Option<WrittenBatch> = None;
    loop {
        let outcome = match unknown.take() {
            None => apply(writer, clock.now(), batches).await,
            Some(written) => look_up(writer, clock.now(), written).await,
        };
        let (error, written) = match outcome {
            Ok(Outcome::Committed(written)) => return Ok(written),
            Ok(Outcome::NotCommitted) => continue,
            Err(BatchFailure::BeforeCommit(error)) => (error, None),
            Err(BatchFailure::Unknown(error, written)) => (error, Some(written)),
        };
        // Of a commit without events the log says nothing.
        let is_unknowable = written.as_ref().is_some_and(|written| written.events.is_empty());
        if is_unknowable || clock.uptime() >= until || !writer.recover(&error).await {
            return Err(error);
        }
        tracing::debug!(error = %error, "a batch is repeated: {error}");
        unknown = written;
        tokio::time::sleep(limits::WRITE_PAUSE).await;
    }
}

/// The events of a batch.
struct WrittenBatch {
    /// The event before them in the log, where other nodes write to it as well.
    before: Option<Cursor>,
    events: Vec<Event>,
}

/// What is known of a batch.
enum Outcome {
    Committed(WrittenBatch),
    NotCommitted,
}

/// Where a batch failed.
enum BatchFailure {
    /// Nothing of it was written.
    BeforeCommit(DbErr),
    /// Nobody knows whether these events were committed.
    Unknown(DbErr, WrittenBatch),
}

impl From<DbErr> for BatchFailure {
    fn from(error: DbErr) -> Self {
        Self::BeforeCommit(error)
    }
}

/// Looks up whether a batch with these events was committed. The lock that the transaction holds says that the one before
/// it has ended.
async fn look_up(writer: &Writer, now: Timestamp, written: WrittenBatch) -> Result<Outcome, BatchFailure> {
    let read = async {
        let tx = writer.begin(now).await?;
        let first = written.events.first().map(|event| event.cursor);
        let is_there = match first {
            Some(first) => log::find_at(&tx, first.position).await? == Some(first),
            None => false,
        };
        tx.rollback().await?;
        Ok(is_there)
    };
    match writer.within(read).await {
        Ok(true) => Ok(Outcome::Committed(written)),
        Ok(false) => Ok(Outcome::NotCommitted),
        Err(error) => Err(BatchFailure::Unknown(error, written)),
    }
}

async fn apply(writer: &Writer, now: Timestamp, batches: &mut [Box<dyn Batch>]) -> Result<Outcome, BatchFailure> {
    let begin_and_write = async {
        let tx = writer.begin(now).await?;
        let written = write(&tx, batches).await?;
        Ok((tx, written))
    };
    let (tx, written) = writer.within(begin_and_write).await?;
    match writer.within(tx.commit()).await {
        Ok(()) => Ok(Outcome::Committed(written)),
        Err(error) => Err(BatchFailure::Unknown(error, written)),
    }
}

/// Writes a batch, up to its commit.
async fn write(tx: &Tx, batches: &mut [Box<dyn Batch>]) -> Result<WrittenBatch, DbErr> {
    let mut needs = Vec::with_capacity(batches.len());
    for batch in batches.iter_mut() {
        needs.push(batch.plan(tx).await?);
    }
    let total: usize = needs.iter().sum();
    let (last, nonce) = reserve(tx, total).await?;
    let before = nonce.map(|nonce| Cursor::of_row(last, nonce));
    let mut first = Cursor { position: last + 1, nonce: random_nonce()? };
    let mut events = Vec::with_capacity(total);
    for (batch, need) in batches.iter_mut().zip(needs) {
        batch.write(tx, first, &mut events).await?;
        first.position += positions(need);
    }
    append_to_log(tx, &events).await?;
    Ok(WrittenBatch { before, events })
}

/// Takes `count` positions; returns the last one before them, and its nonce where other nodes write too. Inside the
/// transaction, so that a rollback leaves no gap and no reader can pass an event that commits later.
async fn reserve(tx: &Tx, count: usize) -> Result<(i64, Option<i64>), DbErr> {
    if count == 0 {
        return Ok((0, None));
    }
    tx.take_positions(positions(count)).await
}

async fn append_to_log(tx: &Tx, events: &[Event]) -> Result<(), DbErr> {
    let row = |event: &Event| {
        let recipient_id = match event.fact.audience {
            Audience::Person(person) => Some(person),
            Audience::Conversation(_) | Audience::Contacts { .. } => None,
        };
        feed_event::Model {
            position: event.cursor.position,
            nonce: event.cursor.nonce.into(),
            kind: event.fact.kind.into(),
            conversation_id: event.fact.conversation,
            recipient_id,
            user_id: event.fact.user,
            message_id: event.fact.message,
            created_at: tx.now,
            detail: event.fact.detail.as_deref().map(str::to_owned),
        }
    };
    tx.append_log(events.iter().map(row).collect()).await
}

/// A batch's nonce. Odd, so never zero, which is what a damaged row reads as.
pub(super) fn random_nonce() -> Result<u32, DbErr> {
    getrandom::u32().map(|random| random | 1).map_err(|error| DbErr::Custom(format!("no random numbers: {error}")))
}

/// Writes changes of one kind as a batch, for tests that compare what a transaction leaves.
#[cfg(test)]
pub(crate) async fn write_all<C: Change>(tx: &Tx, changes: Vec<C>) -> Result<Vec<Result<C::Answer, Error>>, DbErr> {
    let mut answers = Vec::new();
    let mut batches: Vec<Box<dyn Batch>> = Vec::new();
    for change in changes {
        let (reply, answer) = oneshot::channel();
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a place");
        batches.push(Box::new(Batched::one(change, Vec::new(), reply, place)));
        answers.push(answer);
    }
    let mut batches = merge(batches);
    write(tx, &mut batches).await?;
    for batch in batches {
        batch.answer(Ok(()));
    }
    Ok(answers.into_iter().map(|mut answer| answer.try_recv().expect("an answer")).collect())
}
