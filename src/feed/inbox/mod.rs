//! The bounded queue of one listener: events in position order that it has not taken yet.
//!
//! Two can take events from it, one at a time: the follower when its task is polled, and, while the follower only waits
//! for the next event, its [`Edge`], which runs without waking that task.
//!
//! ```text
//!             poll_take finds nothing                 put
//!  ┌─────────┐ ───────────────────▶ ┌─────────┐ ──────────────▶ ┌────────┐
//!  │ working │                      │ waiting │                 │ called │ a round serves the edge
//!  └─────────┘ ◀─────────────────── └─────────┘ ◀────────────── └────────┘
//!    the follower takes    woken: no edge, or     the edge took all
//!    event after event     the edge gave up
//!
//!  put finds no room ─▶ closed: the follower takes what is left, then reads on from the log
//! ```

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;

use crate::feed::cursor::Cursor;
use crate::feed::event::Event;
use crate::limits;
use crate::metrics::{self, DeliveryPath};

/// Delivers events without waking the listener's task: for a thousand listeners to one conversation, waking a thousand
/// tasks would cost more than everything else. If it can't deliver at once, the follower is woken and does.
pub trait Edge: Send + Sync {
    /// Takes events from the inbox with [`Inbox::take_if`], as far as they can be delivered now. Must not wait.
    fn serve(&self, inbox: &Inbox) -> Served;

    /// Makes the frame that an event lacks, for all edges of the same [`kind`](Self::kind). Returns whether it succeeded.
    fn make<'a>(&'a self, event: &'a Arc<Event>) -> BoxFuture<'a, bool>;

    /// Equal for edges that share frames.
    fn kind(&self) -> usize;
}

/// How far an edge came.
#[derive(Debug)]
pub enum Served {
    /// Nothing is left to deliver.
    All,
    /// The frame of this event has to be made first.
    NeedsFrame(Arc<Event>),
    /// The follower has to deliver.
    NeedsFollower,
}

/// What to do with the oldest event in an inbox.
pub enum Take<T> {
    /// Take it and deliver this.
    Deliver(T),
    /// Take it and drop it: this listener did not ask for it.
    Skip,
    /// Leave it in the inbox and stop, for this reason.
    Stop(Served),
}

/// The events that wait for one listener.
pub struct Inbox {
    edge: Option<Arc<dyn Edge>>,
    /// Whether the listener has left a conversation of which events may still be in here. Only the follower delivers
    /// those.
    has_left: Arc<AtomicBool>,
    state: Mutex<InboxState>,
}

struct InboxState {
    events: VecDeque<Arc<Event>>,
    /// The event that was taken last, or where the listener began: nothing up to there is delivered.
    handled: Cursor,
    /// The follower's waker, while it waits for the next event.
    waits: Option<Waker>,
    /// Whether the edge is about to be served.
    is_called: bool,
    is_open: bool,
}

/// What an inbox did with an event.
pub(super) enum Put {
    Kept,
    /// The inbox is to be served at its edge.
    Calls,
    /// There is no room: the listener is evicted and reads on from the log.
    Refused,
}

impl Inbox {
    pub(super) fn new(handled: Cursor, edge: Option<Arc<dyn Edge>>, has_left: Arc<AtomicBool>) -> Self {
        let state = InboxState { events: VecDeque::new(), handled, waits: None, is_called: false, is_open: true };
        Self { edge, has_left, state: Mutex::new(state) }
    }

    pub(super) fn edge(&self) -> Option<&Arc<dyn Edge>> {
        self.edge.as_ref()
    }

    pub(super) fn put(&self, event: &Arc<Event>) -> Put {
        let mut state = self.lock();
        if state.events.len() >= limits::INBOX_EVENTS {
            state.is_open = false;
            state.wake();
            return Put::Refused;
        }
        state.events.push_back(Arc::clone(event));
        // A follower that is working, or an edge that was called, will find it.
        if state.waits.is_none() || state.is_called {
            return Put::Kept;
        }
        if self.edge.is_none() {
            state.wake();
            return Put::Kept;
        }
        state.is_called = true;
        Put::Calls
    }

    /// For the follower: the next event, or `None` at the end.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        let mut state = self.lock();
        state.waits = None;
        if state.next().is_some() {
            return Poll::Ready(state.take());
        }
        if !state.is_open {
            return Poll::Ready(None);
        }
        state.waits = Some(cx.waker().clone());
        Poll::Pending
    }

    /// For the edge: looks at the oldest event and takes it, or not. It finds none while the follower is working, which
    /// could deliver two events in the wrong order.
    pub fn take_if<T>(&self, decide: impl Fn(&Arc<Event>) -> Take<T>) -> Result<T, Served> {
        let mut state = self.lock();
        while state.waits.is_some()
            && let Some(event) = state.next()
        {
            if self.has_left.load(Ordering::Relaxed) {
                return Err(Served::NeedsFollower);
            }
            match decide(event) {
                Take::Deliver(delivered) => {
                    state.take();
                    metrics::delivered(DeliveryPath::Edge);
                    return Ok(delivered);
                }
                Take::Skip => drop(state.take()),
                Take::Stop(why) => return Err(why),
            }
        }
        Err(Served::All)
    }

    /// Serves the edge. An event that is put after this has begun calls it again.
    pub(super) fn serve(&self) -> Served {
        self.lock().is_called = false;
        self.edge.as_ref().map_or(Served::NeedsFollower, |edge| edge.serve(self))
    }

    /// Wakes the follower.
    pub(super) fn wake(&self) {
        self.lock().wake();
    }

    /// Delivers nothing up to a cursor that is ahead of the hub: a client may have it from an answer that overtook the
    /// event.
    pub(super) fn begin_after(&self, handled: Cursor) {
        self.lock().handled = handled;
    }

    /// What was taken last.
    pub(super) fn handled(&self) -> Cursor {
        self.lock().handled
    }

    /// Whether everything was delivered, and the listener waits for the next event.
    pub(super) fn is_idle(&self) -> bool {
        let mut state = self.lock();
        state.waits.is_some() && state.next().is_none()
    }

    /// The follower works again, as after it took an event: the edge takes nothing. What was taken last.
    pub(super) fn pause(&self) -> Cursor {
        let mut state = self.lock();
        state.waits = None;
        state.handled
    }

    /// Evicts the listener: after the events in the inbox, it reads on from the log.
    pub(super) fn evict(&self) {
        self.lock().is_open = false;
        self.wake();
    }

    /// The listener has gone: drops everything.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        (state.is_open, state.waits) = (false, None);
        state.events.clear();
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        // Each change to the state is one step, so it is consistent after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InboxState {
    /// The oldest event that the listener has not handled yet.
    fn next(&mut self) -> Option<&Arc<Event>> {
        let handled = self.handled.position;
        while self.events.pop_front_if(|event| event.position() <= handled).is_some() {}
        self.events.front()
    }

    fn take(&mut self) -> Option<Arc<Event>> {
        let event = self.events.pop_front()?;
        self.handled = event.cursor;
        Some(event)
    }

    fn wake(&mut self) {
        if let Some(follower) = self.waits.take() {
            follower.wake();
        }
    }
}

#[cfg(test)]
mod tests;
