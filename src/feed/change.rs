//! What a slice implements to write: the writer applies changes a batch at a time.

use std::any::Any;
use std::future::Future;

use futures_util::future::BoxFuture;
use sea_orm::DbErr;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::audit::{self, AuditRecord};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::feed::cursor::{Cursor, positions};
use crate::feed::event::{Event, NewEvent};

/// A change of the database. The writer applies all queued changes of a kind together, in two steps: `plan` reads, checks
/// and decides; then positions are taken for all events of the batch, and `write` writes with the positions known, so
/// that no row is written twice.
///
/// A change that is not allowed is rejected in `plan` and fails alone. A database error fails the whole batch, so no
/// statement may fail by a constraint.
pub trait Change: Send + Sync + Sized + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;
    /// What `plan` decided to write.
    type Write: Send + 'static;
    /// The order within a batch: lower ranks are planned and written first.
    const RANK: Rank;

    /// Whether it is written the hot way (`db/hot/`), where there is one: it comes by the thousand, and all of its statements
    /// have a name there. It waits for nothing else.
    fn is_hot(&self) -> bool {
        false
    }

    /// Decides, one plan for each change, in their order. Changes of one batch must see each other here. It writes
    /// nothing and borrows the changes, so that a batch can be repeated.
    fn plan(tx: &Tx, changes: &[Self]) -> impl Future<Output = Plans<Self>> + Send;

    /// Writes, one answer for each, in their order.
    fn write(tx: &Tx, writes: Vec<Placed<Self::Write>>) -> impl Future<Output = Writes<Self>> + Send;
}

/// What [`Change::plan`] returns: a plan for each change, or why it is refused; or why the batch fails.
pub type Plans<C> = Result<Vec<Result<Plan<C>>>, DbErr>;

/// What [`Change::write`] returns: an answer and events for each change, or why the batch fails.
pub type Writes<C> = Result<Vec<Written<C>>, DbErr>;

/// What [`Quiet::write`] returns: an answer for each change, or why the batch fails.
pub type Answers<Q> = Result<Vec<<Q as Quiet>::Answer>, DbErr>;

/// A change that needs no decision and emits no events.
pub trait Quiet: Clone + Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;
    /// See [`Change::RANK`].
    const RANK: Rank;

    /// See [`Change::is_hot`].
    fn is_hot(&self) -> bool {
        false
    }

    /// Writes, one answer for each, in their order.
    fn write(tx: &Tx, changes: Vec<Self>) -> impl Future<Output = Answers<Self>> + Send;
}

impl<Q: Quiet> Change for Q {
    type Answer = Q::Answer;
    type Write = Self;
    const RANK: Rank = Q::RANK;

    fn is_hot(&self) -> bool {
        Q::is_hot(self)
    }

    async fn plan(_: &Tx, changes: &[Self]) -> Plans<Self> {
        Ok(changes.iter().map(|change| Ok(Plan::Write { write: change.clone(), events: 0 })).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let changes = writes.into_iter().map(|placed| placed.write).collect();
        Ok(Q::write(tx, changes).await?.into_iter().map(Written::silent).collect())
    }
}

/// Nothing but what it is recorded with.
#[derive(Clone)]
pub(super) struct NothingElse;

impl Quiet for NothingElse {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(_: &Tx, all: Vec<Self>) -> Answers<Self> {
        Ok(vec![(); all.len()])
    }
}

/// The order of kinds of changes within a batch.
///
/// A whole batch is planned before any of it is written, so one kind does not see what another is about to write.
/// Memberships therefore change last: everything else in the batch was done, at lower positions, by those who were in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// People and conversations.
    People,
    /// What ends sessions, also those that begin in the same batch.
    Endings,
    /// Messages.
    Messages,
    /// Read marks and the positions of consumers, which may wait.
    ReadMarks,
    /// Who is in a conversation.
    Members,
    /// Erasures: after everything that the person did and that was done to them.
    Departures,
    /// What no caller waits for.
    Housekeeping,
}

impl Rank {
    /// Whether others come first if more is queued than fits into a batch.
    pub(super) fn may_wait(self) -> bool {
        matches!(self, Self::ReadMarks | Self::Housekeeping)
    }
}

/// What `plan` decided about a change.
pub enum Plan<C: Change> {
    /// Nothing to write: it is done already.
    Done(C::Answer),
    /// To be written.
    Write {
        /// What `write` gets.
        write: C::Write,
        /// How many events it emits; each needs a position.
        events: usize,
    },
}

/// A planned write with the positions of its events: `first` and those that follow.
pub struct Placed<W> {
    /// What `plan` decided.
    pub write: W,
    /// The cursor of its first event.
    pub first: Cursor,
}

/// The result of a write.
pub struct Written<C: Change> {
    /// For the caller.
    pub answer: C::Answer,
    /// As many as were planned.
    pub events: Vec<NewEvent>,
}

impl<C: Change> Written<C> {
    /// A result without events.
    pub fn silent(answer: C::Answer) -> Self {
        Self { answer, events: Vec::new() }
    }
}

/// Changes of one kind and their callers, for the writer, which does not know the kind.
pub(super) trait Batch: Any + Send {
    fn rank(&self) -> Rank;
    fn len(&self) -> usize;
    fn is_hot(&self) -> bool;
    /// Merges another batch into this one; returns it if it is of another kind.
    fn absorb(&mut self, other: Box<dyn Batch>) -> Option<Box<dyn Batch>>;
    /// Plans; returns how many positions it needs.
    fn plan<'a>(&'a mut self, tx: &'a Tx) -> BoxFuture<'a, Result<usize, DbErr>>;
    /// Writes, with its events from `first` on; appends them to `events`.
    fn write<'a>(
        &'a mut self,
        tx: &'a Tx,
        first: Cursor,
        events: &'a mut Vec<Event>,
    ) -> BoxFuture<'a, Result<(), DbErr>>;
    /// Answers everybody, once the transaction has ended.
    fn answer(self: Box<Self>, outcome: Result<(), &DbErr>);
}

/// The changes of kind `C` in a batch.
pub(super) struct Batched<C: Change> {
    changes: Vec<C>,
    callers: Vec<WaitingCaller<C>>,
    /// Which caller each write is for, and how many events it has.
    planned: Vec<(usize, C::Write, usize)>,
}

struct WaitingCaller<C: Change> {
    reply: oneshot::Sender<Result<C::Answer>>,
    /// For the audit log, if the change is written.
    records: Vec<AuditRecord>,
    answer: Option<Result<C::Answer>>,
    /// Whether it is written.
    is_written: bool,
    /// Its permit of the queue, until it is answered.
    _permit: OwnedSemaphorePermit,
}

impl<C: Change> Batched<C> {
    pub(super) fn one(
        change: C,
        records: Vec<AuditRecord>,
        reply: oneshot::Sender<Result<C::Answer>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let caller = WaitingCaller { reply, records, answer: None, is_written: false, _permit: permit };
        Self { changes: vec![change], callers: vec![caller], planned: Vec::new() }
    }
}

impl<C: Change> Batch for Batched<C> {
    fn rank(&self) -> Rank {
        C::RANK
    }

    fn len(&self) -> usize {
        self.callers.len()
    }

    fn is_hot(&self) -> bool {
        // The hot way has no statement for the audit log.
        self.changes.iter().all(C::is_hot) && self.callers.iter().all(|caller| caller.records.is_empty())
    }

    fn absorb(&mut self, other: Box<dyn Batch>) -> Option<Box<dyn Batch>> {
        if !(other.as_ref() as &dyn Any).is::<Self>() {
            return Some(other);
        }
        if let Ok(other) = (other as Box<dyn Any>).downcast::<Self>() {
            self.changes.extend(other.changes);
            self.callers.extend(other.callers);
        }
        None
    }

    fn plan<'a>(&'a mut self, tx: &'a Tx) -> BoxFuture<'a, Result<usize, DbErr>> {
        Box::pin(async move {
            let plans = C::plan(tx, &self.changes).await?;
            assert_eq!(plans.len(), self.callers.len(), "a change has one plan");
            // Of an earlier attempt nothing is left.
            self.planned.clear();
            self.callers.iter_mut().for_each(|caller| caller.is_written = false);
            let mut positions = 0;
            for (caller, plan) in plans.into_iter().enumerate() {
                match plan {
                    Err(error) => self.callers[caller].answer = Some(Err(error)),
                    Ok(Plan::Done(answer)) => self.callers[caller].answer = Some(Ok(answer)),
                    Ok(Plan::Write { write, events }) => {
                        positions += events;
                        self.callers[caller].answer = None;
                        self.callers[caller].is_written = true;
                        self.planned.push((caller, write, events));
                    }
                }
            }
            Ok(positions)
        })
    }

    fn write<'a>(
        &'a mut self,
        tx: &'a Tx,
        mut first: Cursor,
        events: &'a mut Vec<Event>,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        Box::pin(async move {
            if self.planned.is_empty() {
                return Ok(());
            }
            let mut writes = Vec::with_capacity(self.planned.len());
            let mut waiting = Vec::with_capacity(self.planned.len());
            for (caller, write, events) in self.planned.drain(..) {
                writes.push(Placed { write, first });
                waiting.push((caller, first, events));
                first.position += positions(events);
            }
            let written = C::write(tx, writes).await?;
            assert_eq!(written.len(), waiting.len(), "a write has one answer");
            let mut records = Vec::new();
            for (written, (caller, first, promised)) in written.into_iter().zip(waiting) {
                records.extend_from_slice(&self.callers[caller].records);
                assert_eq!(written.events.len(), promised, "a write returns as many events as were planned");
                events.extend(
                    written
                        .events
                        .into_iter()
                        .zip(first.position..)
                        .map(|(fact, position)| Event::new(Cursor { position, nonce: first.nonce }, fact)),
                );
                self.callers[caller].answer = Some(Ok(written.answer));
            }
            if !records.is_empty() {
                audit::write(tx, records).await?;
            }
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<(), &DbErr>) {
        for caller in self.callers {
            if outcome.is_ok() && caller.is_written {
                caller.records.iter().for_each(audit::log);
            }
            let answer = match (outcome, caller.answer) {
                // Rejected before anything was written: true whether or not the batch was committed.
                (_, Some(Err(error))) => Err(error),
                (Ok(()), Some(Ok(answer))) => Ok(answer),
                (Ok(()), None) => Err(Error::Internal(anyhow::anyhow!("a change was not answered"))),
                (Err(error), Some(Ok(_)) | None) => Err(Error::of_database(error)),
            };
            // A caller who went away does not need the answer; the change stands.
            let _ = caller.reply.send(answer);
        }
    }
}
