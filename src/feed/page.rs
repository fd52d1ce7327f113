//! The feed as pages, for clients that can't keep a socket open.

use std::sync::Arc;

use crate::db::Db;
use crate::error::Result;
use crate::feed::cursor::Cursor;
use crate::feed::event::Event;
use crate::feed::follow::Start;
use crate::feed::hub::Hub;
use crate::feed::kinds::KindSet;
use crate::feed::log::{self, Reset, Superseded};
use crate::id::UserId;

/// A page of what a person missed.
#[derive(Debug)]
pub struct EventPage {
    /// Oldest first.
    pub events: Vec<Arc<Event>>,
    /// Why there are no events, if what was missed can't be replayed.
    pub reset: Option<Reset>,
    /// Where the next page starts.
    pub cursor: Cursor,
    /// Whether there is more now.
    pub has_more: bool,
}

pub(super) async fn read(
    db: Db,
    hub: Arc<Hub>,
    user: UserId,
    start: Start,
    first: u64,
    kinds: KindSet,
) -> Result<EventPage> {
    let head = hub.head();
    let after = match start {
        Start::After(cursor) => cursor,
        Start::Now => head,
        Start::Garbage => return Ok(reset(Reset::Foreign, head)),
    };
    // One state of the log: an event that is trimmed between two reads would be skipped.
    let snapshot = db.snapshot().await?;
    let refusal = log::refusal(&snapshot, user, after, head).await?;
    let mut events = match refusal {
        None => {
            let range = (after.position, head.position);
            log::missed_page(&snapshot, user, range, (first + 1, kinds), Superseded::LeftOut).await?
        }
        Some(_) => Vec::new(),
    };
    snapshot.end().await?;
    if let Some(refusal) = refusal {
        return Ok(reset(refusal, head));
    }
    let has_more = events.len() as u64 > first;
    events.truncate(usize::try_from(first).unwrap_or(usize::MAX));
    let cursor = events.last().filter(|_| has_more).map_or(head, |last| last.cursor);
    // A cursor that is ahead of this hub, from an answer that overtook the event, stays where it is.
    let cursor = if cursor.position < after.position { after } else { cursor };
    Ok(EventPage { events: events.into_iter().map(Arc::new).collect(), reset: None, cursor, has_more })
}

fn reset(reason: Reset, head: Cursor) -> EventPage {
    EventPage { events: Vec::new(), reset: Some(reason), cursor: head, has_more: false }
}
