//! The one writer: takes the queued changes, applies them in one transaction, publishes the events to the hub and answers.

use std::sync::Arc;

use sea_orm::DbErr;
use tokio::sync::mpsc;

use crate::clock::{Clock, Timestamp};
use crate::db::{Tx, Writer};
use crate::entity::feed_event;
use crate::feed::change::Batch;
use crate::feed::cursor::{Cursor, positions};
use crate::feed::event::{Audience, Event};
use crate::feed::health::Health;
use crate::feed::hub::Hub;
use crate::limits;

/// Runs until all handles of the queue are dropped and everything in it is written; then closes the connection.
pub(super) async fn run(
    writer: Writer,
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
        commit(&writer, &clock, &hub, &health, merge(std::mem::replace(&mut backlog, rest))).await;
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

async fn commit(writer: &Writer, clock: &Clock, hub: &Hub, health: &Health, mut batches: Vec<Box<dyn Batch>>) {
    match apply(writer, clock.now(), &mut batches).await {
        Ok(events) => {
            // Before the answers: a caller who then asks for the feed's cursor gets one that is after the change.
            hub.publish(events);
            for batch in batches {
                batch.answer(Ok(()));
            }
        }
        Err(error) => {
            let changes: usize = batches.iter().map(|batch| batch.len()).sum();
            health.failed(&error, changes);
            for batch in batches {
                batch.answer(Err(&error));
            }
        }
    }
}

async fn apply(writer: &Writer, now: Timestamp, batches: &mut [Box<dyn Batch>]) -> Result<Vec<Event>, DbErr> {
    let tx = writer.begin(now).await?;
    let mut needs = Vec::with_capacity(batches.len());
    for batch in batches.iter_mut() {
        needs.push(batch.plan(&tx).await?);
    }
    let total: usize = needs.iter().sum();
    let mut first = Cursor { position: reserve(&tx, total).await? + 1, nonce: random_nonce()? };
    let mut events = Vec::with_capacity(total);
    for (batch, need) in batches.iter_mut().zip(needs) {
        batch.write(&tx, first, &mut events).await?;
        first.position += positions(need);
    }
    log(&tx, &events).await?;
    tx.commit().await?;
    Ok(events)
}

/// Takes `count` positions; returns the last one before them. Inside the transaction, so that a rollback leaves no gap
/// and no reader can pass an event that commits later.
async fn reserve(tx: &Tx, count: usize) -> Result<i64, DbErr> {
    if count == 0 {
        return Ok(0);
    }
    tx.take_positions(positions(count)).await
}

async fn log(tx: &Tx, events: &[Event]) -> Result<(), DbErr> {
    let row = |event: &Event| {
        let recipient_id = match event.fact.audience {
            Audience::Person(person) => Some(person),
            Audience::Conversation(_) | Audience::Contacts { .. } => None,
        };
        feed_event::Model {
            position: event.cursor.position,
            nonce: event.cursor.nonce.into(),
            kind: event.fact.kind,
            conversation_id: event.fact.conversation,
            recipient_id,
            user_id: event.fact.user,
            message_id: event.fact.message,
            created_at: tx.now,
        }
    };
    tx.append_log(events.iter().map(row).collect()).await
}

/// A batch's nonce. Odd, so never zero, which is what a damaged row reads as.
pub(super) fn random_nonce() -> Result<u32, DbErr> {
    getrandom::u32().map(|random| random | 1).map_err(|error| DbErr::Custom(format!("no random numbers: {error}")))
}
