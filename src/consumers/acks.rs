//! Acknowledgements that wait to be written: those of a second together, and of each consumer only the latest.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::ConsumerKey;
use super::change::{ConsumerChange, ConsumerStep};
use crate::entity::consumer;
use crate::error::{Error, Result};
use crate::feed::{Cursor, Feed};
use crate::limits;

/// What waits.
#[derive(Default)]
pub(super) struct WaitingAcks {
    waiting: Mutex<HashMap<ConsumerKey, WaitingAck>>,
    arrived: Notify,
}

struct WaitingAck {
    cursor: Cursor,
    callers: Vec<oneshot::Sender<Result<consumer::Model>>>,
}

impl WaitingAcks {
    /// Waits until an acknowledgement is written.
    pub(super) async fn wait(&self, key: ConsumerKey, cursor: Cursor) -> Result<consumer::Model> {
        let (caller, answer) = oneshot::channel();
        {
            let mut waiting = self.lock();
            if waiting.len() >= limits::CONSUMER_ACKS && !waiting.contains_key(&key) {
                return Err(Error::unavailable());
            }
            let ack = waiting.entry(key).or_insert_with(|| WaitingAck { cursor, callers: Vec::new() });
            if cursor.position > ack.cursor.position {
                ack.cursor = cursor;
            }
            if ack.callers.len() >= limits::CONSUMER_ACK_CALLERS {
                return Err(Error::unavailable());
            }
            ack.callers.push(caller);
        }
        self.arrived.notify_one();
        answer.await.map_err(|_| Error::unavailable())?
    }

    /// Writes what waits, at most once a second: the first one at once.
    pub(super) async fn keep_writing(&self, feed: &Feed) {
        loop {
            self.arrived.notified().await;
            let mut waiting = std::mem::take(&mut *self.lock()).into_iter();
            loop {
                // As large as a batch of the feed's writer: one after the other, and behind everybody else's.
                let some: Vec<_> = waiting.by_ref().take(limits::WRITER_BATCH).collect();
                if some.is_empty() {
                    break;
                }
                join_all(some.into_iter().map(|(key, ack)| write(feed, key, ack))).await;
            }
            sleep(limits::CONSUMER_ACK_PACE).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConsumerKey, WaitingAck>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(feed: &Feed, (user, name): ConsumerKey, ack: WaitingAck) {
    let outcome = feed.append(ConsumerChange::new(user, &name, ConsumerStep::Acknowledge(ack.cursor))).await;
    let mut answer = outcome.map(|outcome| outcome.row);
    for caller in ack.callers {
        // A caller who went away does not need it.
        let _ = caller.send(match &answer {
            Ok(Some(row)) => Ok(row.clone()),
            Ok(None) => Err(Error::Internal(anyhow::anyhow!("an acknowledgement was not written"))),
            Err(_) => match std::mem::replace(&mut answer, Err(Error::unavailable())) {
                // Everybody learns that it was not done; the first one, why.
                Err(why) => Err(why),
                Ok(_) => Err(Error::unavailable()),
            },
        });
    }
}
