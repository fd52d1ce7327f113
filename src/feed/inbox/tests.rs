//! What the follower and the edge take from an inbox, and when.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::feed::cursor::Position;
use crate::feed::event::{Audience, EventKind, NewEvent};
use crate::id::UserId;

/// An edge that delivers everything.
struct Open;

impl Edge for Open {
    fn serve(&self, inbox: &Inbox) -> Served {
        while inbox.take_if(|_| Take::Deliver(())).is_ok() {}
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
    let fact = NewEvent::new(EventKind::UserChanged, Audience::Person(UserId::new()));
    Arc::new(Event::new(at(position), fact))
}

/// What a follower that is woken through `wakes` takes.
fn follow(inbox: &Inbox, wakes: &Arc<Wakes>) -> Poll<Option<Position>> {
    let waker = Waker::from(Arc::clone(wakes));
    inbox.poll_take(&mut Context::from_waker(&waker)).map(|taken| taken.map(|event| event.position()))
}

#[test]
fn the_edge_takes_events_while_the_follower_waits_without_waking_it() {
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
fn the_edge_takes_nothing_while_the_follower_is_working() {
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
fn the_edge_takes_nothing_after_the_listener_left_a_conversation() {
    let has_left = Arc::<AtomicBool>::default();
    let inbox = Inbox::new(at(0), Some(Arc::new(Open)), Arc::clone(&has_left));
    assert_eq!(follow(&inbox, &Arc::default()), Poll::Pending);
    inbox.put(&event(1));
    has_left.store(true, Ordering::Relaxed);
    assert!(matches!(inbox.take_if(|_| Take::Deliver(())), Err(Served::NeedsFollower)));
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
fn an_event_that_was_handled_before_is_not_delivered() {
    let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
    inbox.begin_after(at(2));
    for position in 1..=3 {
        inbox.put(&event(position));
    }
    assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(3)));
    assert_eq!(follow(&inbox, &wakes), Poll::Pending);
}

#[test]
fn a_full_inbox_ends_after_the_events_in_it() {
    let (inbox, wakes) = (Inbox::new(at(0), None, Arc::default()), Arc::default());
    let last = Position::try_from(limits::INBOX_EVENTS).expect("a small number");
    (1..=last).for_each(|position| assert!(matches!(inbox.put(&event(position)), Put::Kept)));
    assert!(matches!(inbox.put(&event(last + 1)), Put::Refused));
    (1..=last).for_each(|position| assert_eq!(follow(&inbox, &wakes), Poll::Ready(Some(position))));
    assert_eq!(follow(&inbox, &wakes), Poll::Ready(None));
    assert_eq!(inbox.handled(), at(last));
}

#[test]
fn a_closed_inbox_is_empty() {
    let (inbox, wakes) = (Inbox::new(at(0), Some(Arc::new(Open)), Arc::default()), Arc::default());
    assert_eq!(follow(&inbox, &wakes), Poll::Pending);
    inbox.put(&event(1));
    inbox.close();
    assert!(matches!(inbox.serve(), Served::All));
    assert_eq!(inbox.handled(), at(0));
}
