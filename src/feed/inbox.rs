//! What one listener has not taken yet: events in position order, within a bound.
//!
//! An inbox is emptied in one of two ways, which share its rules. Its follower takes an event when it is polled. While
//! the follower only waits for the next event, its [`Edge`] may take it in its stead, which wakes nobody.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;

use crate::feed::cursor::Cursor;
use crate::feed::event::Event;
use crate::limits;

/// Tells somebody of events where they happen, without their task: for a thousand listeners to one conversation, waking
/// a thousand tasks would cost more than all the rest. Where it can't tell at once, the follower is woken and does.
pub trait Edge: Send + Sync {
    /// Takes events out of the inbox with [`Inbox::take_if`], as far as they can be told now. Must not wait.
    fn serve(&self, inbox: &Inbox) -> Served;

    /// Makes what an event lacks, for all edges of the same [`kind`](Self::kind). Whether that went well.
    fn make<'a>(&'a self, event: &'a Arc<Event>) -> BoxFuture<'a, bool>;

    /// The same for edges for which the same is made.
    fn kind(&self) -> usize;
}

/// How far an edge came.
#[derive(Debug)]
pub enum Served {
    /// Nothing is left that anybody waits for.
    All,
    /// What has to be made for this event first.
    Lacks(Arc<Event>),
    /// The follower has to see to it.
    NotHere,
}

/// What to do with the oldest event in an inbox.
pub enum Take<T> {
    /// Take it, and this comes of it.
    Told(T),
    /// Take it: it is nothing to this listener.
    Passed,
    /// Leave it.
    Left(Served),
}

/// The events that wait for one listener.
pub struct Inbox {
    edge: Option<Arc<dyn Edge>>,
    /// Whether the listener has left a conversation of which something may still be in here. That is told with care, by
    /// the follower.
    has_left: Arc<AtomicBool>,
    state: Mutex<State>,
}

struct State {
    events: VecDeque<Arc<Event>>,
    /// What was taken last, or where the listener began: it is told of nothing up to there.
    handled: Cursor,
    /// The follower, while it waits for the next event and has nothing in hand.
    waits: Option<Waker>,
    /// Whether the edge is about to be served.
    is_called: bool,
    is_open: bool,
}

/// What an inbox does with an event that happens.
pub(super) enum Put {
    Kept,
    /// The inbox is to be served at its edge.
    Calls,
    /// There is no room: the listener is let go of, and reads on in the database.
    Refused,
}

impl Inbox {
    pub(super) fn new(handled: Cursor, edge: Option<Arc<dyn Edge>>, has_left: Arc<AtomicBool>) -> Self {
        let state = State { events: VecDeque::new(), handled, waits: None, is_called: false, is_open: true };
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
        // Somebody who does not wait comes by when they are done with what they have.
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

    /// For the edge: looks at the oldest event and takes it, or not. Nothing is there for it while the follower is at
    /// work: that would put two in the wrong order.
    pub fn take_if<T>(&self, decide: impl Fn(&Arc<Event>) -> Take<T>) -> Result<T, Served> {
        let mut state = self.lock();
        while state.waits.is_some()
            && let Some(event) = state.next()
        {
            if self.has_left.load(Ordering::Relaxed) {
                return Err(Served::NotHere);
            }
            match decide(event) {
                Take::Told(told) => {
                    state.take();
                    return Ok(told);
                }
                Take::Passed => drop(state.take()),
                Take::Left(why) => return Err(why),
            }
        }
        Err(Served::All)
    }

    /// Lets the edge take what waits. An event that comes after this has begun calls anew.
    pub(super) fn serve(&self) -> Served {
        self.lock().is_called = false;
        self.edge.as_ref().map_or(Served::NotHere, |edge| edge.serve(self))
    }

    /// Wakes the follower.
    pub(super) fn wake(&self) {
        self.lock().wake();
    }

    /// Nothing is told up to a place that is later than the hub's: by a cursor from an answer that overtook it.
    pub(super) fn begin_after(&self, handled: Cursor) {
        self.lock().handled = handled;
    }

    /// What was taken last.
    pub(super) fn handled(&self) -> Cursor {
        self.lock().handled
    }

    /// The listener has gone: nothing is told any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        (state.is_open, state.waits) = (false, None);
        state.events.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change in here is one step, so what a panic left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The oldest event that was not handled before it came here.
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
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::feed::cursor::Position;
    use crate::feed::event::{Audience, Kind, NewEvent};
    use crate::id::UserId;

    /// An edge that tells everything.
    struct Open;

    impl Edge for Open {
        fn serve(&self, inbox: &Inbox) -> Served {
            while inbox.take_if(|_| Take::Told(())).is_ok() {}
            Served::All
        }

        fn make<'a>(&'a self, _: &'a Arc<Event>) -> BoxFuture<'a, bool> {
            Box::pin(std::future::ready(true))
        }

        fn kind(&self) -> usize {
            0
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn at(position: Position) -> Cursor {
        Cursor { position, nonce: 7 }
    }

    fn event(position: Position) -> Arc<Event> {
        let fact = NewEvent::new(Kind::UserChanged, Audience::Person(UserId::new()));
        Arc::new(Event::new(at(position), fact))
    }

    /// What a follower who is woken through `wakes` finds.
    fn follow(inbox: &Inbox, wakes: &Arc<Wakes>) -> Poll<Option<Position>> {
        let waker = Waker::from(Arc::clone(wakes));
        inbox.poll_take(&mut Context::from_waker(&waker)).map(|taken| taken.map(|event| event.position()))
    }

    #[test]
    fn the_edge_takes_what_comes_while_the_follower_waits_and_nobody_is_woken() {
        let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
        assert_eq!(follow(&inbox, &wakes), Poll::Pending);
        assert!(matches!(inbox.put(&event(1)), Put::Calls));
        assert!(matches!(inbox.put(&event(2)), Put::Kept), "it was called already");

        assert!(matches!(inbox.serve(), Served::All));

        assert_eq!(inbox.handled(), at(2));
        assert!(matches!(inbox.put(&event(3)), Put::Calls));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_edge_takes_nothing_while_the_follower_is_at_work() {
        let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
        assert_eq!(follow(&inbox, &wakes), Poll::Pending);
        inbox.put(&event(1));
        inbox.put(&event(2));
        assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(1)));

        assert!(matches!(inbox.serve(), Served::All));
        assert!(matches!(inbox.put(&event(3)), Put::Kept));

        assert_eq!(inbox.handled(), at(1));
        assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(2)));
        assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(3)));
    }

    #[test]
    fn the_edge_takes_nothing_of_one_who_has_left_a_conversation() {
        let has_left = Arc::<AtomicBool>::default();
        let inbox = Inbox::new(at(0), Some(Arc::new(Open)), Arc::clone(&has_left));
        assert_eq!(follow(&inbox, &Arc::default()), Poll::Pending);
        inbox.put(&event(1));
        has_left.store(true, Ordering::Relaxed);
        assert!(matches!(inbox.take_if(|_| Take::Told(())), Err(Served::NotHere)));
        assert_eq!(inbox.handled(), at(0));
    }

    #[test]
    fn without_an_edge_the_follower_is_woken() {
        let (inbox, wakes) = (Inbox::new(at(0), None, Arc::default()), Arc::default());
        assert_eq!(follow(&inbox, &wakes), Poll::Pending);
        assert!(matches!(inbox.put(&event(1)), Put::Kept));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_was_handled_before_is_told_to_nobody() {
        let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
        inbox.begin_after(at(2));
        for position in 1..=3 {
            inbox.put(&event(position));
        }
        assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(3)));
        assert_eq!(follow(&inbox, &wakes), Poll::Pending);
    }

    #[test]
    fn one_more_than_an_inbox_holds_ends_it_after_what_is_in_it() {
        let (inbox, wakes) = (Inbox::new(at(0), None, Arc::default()), Arc::default());
        let last = Position::try_from(limits::INBOX_EVENTS).expect("a small number");
        (1..=last).for_each(|position| assert!(matches!(inbox.put(&event(position)), Put::Kept)));
        assert!(matches!(inbox.put(&event(last + 1)), Put::Refused));
        (1..=last).for_each(|position| assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(position))));
        assert_eq!(follow(&inbox, &wakes), Poll::Ready(None));
        assert_eq!(inbox.handled(), at(last));
    }

    #[test]
    fn an_inbox_that_was_left_is_empty() {
        let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
        assert_eq!(follow(&inbox, &wakes), Poll::Pending);
        inbox.put(&event(1));
        inbox.close();
        assert!(matches!(inbox.serve(), Served::All));
        assert_eq!(inbox.handled(), at(0));
    }
}
