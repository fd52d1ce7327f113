//! What a server can do wrong, every n-th time that it could: for the tests of the load generator's counters.
//!
//! ```text
//! Drop, every 2nd time                a · c · e · …                   each delivery to a subscriber is a chance
//! Drop, every 2nd time, in place 2    a b c …   a · c …   a b c …     the second delivery of each connection is one
//! ```

use std::sync::atomic::Ordering::Relaxed;

use crate::floor::answers::Message;
use crate::floor::{Floor, Subscriber, frame};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A delivery is left out.
    Drop,
    /// A message is delivered twice.
    Double,
    /// A message changes places with the next.
    Swap,
    /// A number of a message is left out.
    Skip,
    /// A field of a message is missing.
    Truncate,
    /// A subscriber gets an error in place of a message.
    Complain,
    /// A subscriber's connection is ended in place of a message.
    End,
    /// A connection is refused.
    Refuse,
    /// A subscription hears nothing.
    Mute,
    /// A page is too short.
    Shorten,
    /// A request is answered with an error.
    Fail,
}

/// A fault, and when it is committed.
#[derive(Clone, Copy, Debug)]
pub struct Wrong {
    pub fault: Fault,
    /// It is committed every n-th time that it could be.
    pub every: u64,
    /// The only message of a connection, counted from 1, with which it could be; `None` for all of them.
    pub place: Option<u64>,
}

impl Floor {
    /// Whether this fault is committed now.
    pub fn commits(&self, fault: Fault) -> bool {
        let Some(Wrong { every, .. }) = self.wrong.filter(|wrong| wrong.fault == fault) else { return false };
        self.chances.set(self.chances.get() + 1);
        let is_due = self.chances.get().is_multiple_of(every);
        if is_due {
            self.committed.fetch_add(1, Relaxed);
        }
        is_due
    }

    /// Delivers a message with what may be wrong with it; `false` if the subscriber's connection is at its end.
    pub(super) async fn deliver_badly(&self, subscriber: &mut Subscriber, delivery: &[u8], message: &Message) -> bool {
        if !message.is_measured() {
            return subscriber.write(delivery).await.is_ok();
        }
        subscriber.measured += 1;
        let place = self.wrong.and_then(|wrong| wrong.place);
        if place.is_some_and(|place| place != subscriber.measured) {
            let held = subscriber.held.take().unwrap_or_default();
            return subscriber.write(&[delivery, &held].concat()).await.is_ok();
        }
        if self.commits(Fault::Drop) {
            return true;
        }
        if self.commits(Fault::End) {
            return false;
        }
        if self.commits(Fault::Complain) {
            return subscriber.write(&frame(r#"{"id":"1","type":"error","payload":[]}"#)).await.is_ok();
        }
        if subscriber.held.is_none() && self.commits(Fault::Swap) {
            subscriber.held = Some(delivery.to_vec());
            return true;
        }
        let mut all = delivery.to_vec();
        all.extend(subscriber.held.take().unwrap_or_default());
        if self.commits(Fault::Double) {
            all.extend_from_slice(delivery);
        }
        subscriber.write(&all).await.is_ok()
    }
}
