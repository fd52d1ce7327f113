//! Following the feed: replay what was missed after a position, then continue live without a gap.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;

use crate::db::Db;
use crate::error::Result;
use crate::feed::cursor::{Cursor, Position};
use crate::feed::event::Event;
use crate::feed::hub::{Attachment, Hub};
use crate::feed::inbox::Edge;
use crate::feed::kinds::KindSet;
use crate::feed::log::{self, Reset, Superseded};
use crate::feed::replays::ReplayTurns;
use crate::id::UserId;
use crate::limits;
use crate::metrics::{self, DeliveryPath};
use crate::turns::Turn;

/// What a follower delivers next.
#[derive(Debug)]
pub enum Step {
    /// An event.
    Event(Arc<Event>),
    /// Everything that was missed is delivered; what follows is live.
    CaughtUp(Cursor),
    /// What was missed can't be replayed; what follows is live, after this cursor.
    Reset(Reset, Cursor),
}

/// Where a follower starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what happens from now on.
    Now,
    /// After the event that the client handled last.
    After(Cursor),
    /// After something that is not a cursor, or a position of another state of the database.
    Garbage,
}

/// A position in the feed and who follows it.
pub struct Follower {
    db: Db,
    hub: Arc<Hub>,
    turns: ReplayTurns,
    user: UserId,
    edge: Option<Arc<dyn Edge>>,
    state: FollowState,
}

enum FollowState {
    Starting(Start),
    /// Boxed: most followers are live.
    Replaying(Box<Replay>),
    Live(Attachment),
}

struct Replay {
    place: Attachment,
    /// Events that are read and not yet delivered.
    page: VecDeque<Arc<Event>>,
    /// Held while there is a page that was read for this replay.
    held: Option<Turn<UserId>>,
    /// How far has been read.
    read: Position,
    /// The event that was delivered last.
    handled: Cursor,
}

impl Follower {
    pub(super) fn new(
        db: Db,
        hub: Arc<Hub>,
        turns: ReplayTurns,
        user: UserId,
        start: Start,
        edge: Option<Arc<dyn Edge>>,
    ) -> Self {
        Self { db, hub, turns, user, edge, state: FollowState::Starting(start) }
    }

    /// Waits for what comes next. Fails when the database can't be read; the next call tries again at the same
    /// place. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Step> {
        // What asks the database is boxed: most followers wait in their inbox, and there are many.
        loop {
            let next = match &mut self.state {
                FollowState::Starting(start) => {
                    let start = *start;
                    Box::pin(self.begin(start)).await?
                }
                FollowState::Replaying(replay) => match replay.page.pop_front() {
                    Some(event) => {
                        replay.handled = event.cursor;
                        metrics::delivered(DeliveryPath::Task);
                        return Ok(Step::Event(event));
                    }
                    None if replay.read < replay.place.since.position => {
                        Box::pin(Self::read_on(&self.db, &self.turns, self.user, replay)).await?;
                        continue;
                    }
                    None => {
                        // A cursor from an answer that overtook this hub is ahead of it, and stays.
                        let since = replay.place.since;
                        let ahead = replay.handled.position > since.position;
                        let caught_up = if ahead { replay.handled } else { since };
                        self.go_live(caught_up);
                        Some(Step::CaughtUp(caught_up))
                    }
                },
                FollowState::Live(place) => match poll_fn(|cx| place.inbox.poll_take(cx)).await {
                    Some(event) => {
                        metrics::delivered(DeliveryPath::Task);
                        return Ok(Step::Event(event));
                    }
                    // The hub evicted a listener that fell behind: continue from the log.
                    None => {
                        self.state = FollowState::Starting(Start::After(place.inbox.handled()));
                        continue;
                    }
                },
            };
            if let Some(step) = next {
                return Ok(step);
            }
        }
    }

    /// Takes the events back from the edge until the next call of [`next`](Self::next). What was delivered last; `None`
    /// while it is replaying.
    pub fn pause(&self) -> Option<Cursor> {
        match &self.state {
            FollowState::Live(place) => Some(place.inbox.pause()),
            FollowState::Starting(_) | FollowState::Replaying(_) => None,
        }
    }

    /// Whether the person has left the conversation of an event since. They still get the event, but may not see what
    /// has become of the conversation after they left.
    pub fn has_left(&self, event: &Event) -> bool {
        let place = match &self.state {
            FollowState::Starting(_) => return false,
            FollowState::Replaying(replay) => &replay.place,
            FollowState::Live(place) => place,
        };
        event.fact.conversation.is_some_and(|conversation| place.has_left(conversation))
    }

    async fn begin(&mut self, start: Start) -> Result<Option<Step>> {
        let after = match start {
            Start::After(cursor) => Some(cursor),
            Start::Now | Start::Garbage => None,
        };
        let mut place = self.hub.attach(&self.db, &self.turns, self.user, after, self.edge.as_ref()).await?;
        let since = place.since;
        let Some(after) = after else {
            self.state = FollowState::Live(place);
            return Ok(Some(match start {
                Start::Garbage => reset(Reset::Foreign, since),
                Start::Now | Start::After(_) => Step::CaughtUp(since),
            }));
        };
        metrics::replay();
        if let Some(missed) = place.missed.take() {
            let (page, read) = (missed.into(), since.position);
            let replay = Replay { place, page, held: None, read, handled: after };
            self.state = FollowState::Replaying(Box::new(replay));
            return Ok(None);
        }
        let (db, user) = (self.db.clone(), self.user);
        let refusal = self.turns.read(user, async move { log::refusal(&db.reader, user, after, since).await }).await?;
        if let Some(reset) = refusal {
            self.state = FollowState::Live(place);
            return Ok(Some(self::reset(reset, since)));
        }
        let replay = Replay { place, page: VecDeque::new(), held: None, read: after.position, handled: after };
        self.state = FollowState::Replaying(Box::new(replay));
        Ok(None)
    }

    async fn read_on(db: &Db, turns: &ReplayTurns, user: UserId, replay: &mut Replay) -> Result<()> {
        // The page before is delivered: other replays of the same person come first now.
        replay.held = None;
        let held = turns.page(user).await?;
        let (db, from, upto) = (db.clone(), replay.read, replay.place.since.position);
        let page = async move {
            log::missed_page(&db.reader, user, (from, upto), (limits::REPLAY_PAGE, KindSet::ALL), Superseded::LeftOut)
                .await
        };
        let page = turns.read(user, page).await?;
        let full = page.len() as u64 == limits::REPLAY_PAGE;
        replay.read = page.last().filter(|_| full).map_or(upto, |last| last.position());
        replay.page = page.into_iter().map(Arc::new).collect();
        replay.held = Some(held);
        Ok(())
    }

    fn go_live(&mut self, caught_up: Cursor) {
        let state = std::mem::replace(&mut self.state, FollowState::Starting(Start::After(caught_up)));
        if let FollowState::Replaying(replay) = state {
            replay.place.inbox.begin_after(caught_up);
            self.state = FollowState::Live(replay.place);
        }
    }
}

fn reset(reason: Reset, since: Cursor) -> Step {
    metrics::reset(match reason {
        Reset::Expired => "expired",
        Reset::TooFar => "too_far",
        Reset::Foreign => "foreign",
    });
    Step::Reset(reason, since)
}
