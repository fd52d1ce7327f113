//! Reads what other nodes wrote, and notices when the log is not the one that the hub knows: after a failover to a replica
//! that had not received everything, positions are given again to other events.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sea_orm::DbErr;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::{Hub, HubState};
use crate::bus::Signal;
use crate::db::Db;
use crate::feed::cursor::{Cursor, Position, positions};
use crate::feed::log;
use crate::limits;

impl Hub {
    /// Reads what other nodes wrote: when there is a gap, when another node says so, and at intervals.
    pub(in crate::feed) async fn keep_up(
        self: Arc<Self>,
        db: Db,
        mut signals: broadcast::Receiver<Signal>,
        shutdown: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.behind.notified() => {}
                () = self.is_overtaken(&mut signals) => {}
                () = tokio::time::sleep(limits::FEED_POLL) => {}
            }
            // Of a long absence there are many pages, which a stop does not wait for.
            while !shutdown.is_cancelled() {
                match self.read_on(&db).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(error = %error, "the feed's log could not be read, trying again: {error}");
                        break;
                    }
                }
            }
        }
    }

    /// Waits until the head is past a position.
    pub(in crate::feed) async fn is_past(&self, position: Position) {
        loop {
            // Before the head is read: a move in between is noticed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            if self.head().position > position {
                return;
            }
            moved.await;
        }
    }

    /// Whether all listeners wait for the next event.
    pub(in crate::feed) fn is_idle(&self) -> bool {
        self.lock().people.values().flat_map(|person| &person.inboxes).all(|inbox| inbox.is_idle())
    }

    /// Waits until another node has written an event that this one does not have.
    async fn is_overtaken(&self, signals: &mut broadcast::Receiver<Signal>) {
        loop {
            match signals.recv().await {
                Ok(Signal::Feed(head)) if head <= self.head().position => {}
                Ok(Signal::Feed(_) | Signal::Missed) | Err(RecvError::Lagged(_)) => return,
                Ok(_) => {}
                // There is no bus any more: the program ends.
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }

    /// Reads a page of the log; returns whether there may be more.
    async fn read_on(&self, db: &Db) -> Result<bool, DbErr> {
        let is_in_doubt = self.is_in_doubt.swap(false, Ordering::Relaxed);
        match log::after(&db.reader, self.head()).await? {
            Some(events) if !is_in_doubt => {
                let is_more = !events.is_empty();
                self.publish(None, events);
                Ok(is_more)
            }
            Some(_) | None => {
                let head = log::head(&db.reader).await?;
                tracing::warn!(
                    "the database has lost events that were delivered, as after a failover: all subscribers read on from \
                     the log, and are reset where it is not theirs"
                );
                self.lock().begin_anew(head);
                Ok(true)
            }
        }
    }
}

impl HubState {
    /// Whether another event is known at the position of a cursor.
    pub(super) fn contradicts(&self, cursor: Cursor) -> bool {
        let before = self.before_ring;
        let known = match usize::try_from(cursor.position - before.position) {
            Err(_) => None,
            Ok(0) => Some(before),
            Ok(distance) => self.ring.get(distance - 1).map(|event| event.cursor),
        };
        debug_assert_eq!(self.head.position - before.position, positions(self.ring.len()));
        known.is_some_and(|known| known != cursor)
    }

    /// Forgets everything, and evicts all listeners: their cursors decide which of them go on.
    fn begin_anew(&mut self, head: Cursor) {
        for inbox in self.people.values().flat_map(|person| &person.inboxes) {
            inbox.evict();
        }
        *self = Self::at(head);
    }
}
