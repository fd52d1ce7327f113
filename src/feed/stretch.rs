//! The log read on from a cursor, a stretch at a time, for what the server delivers by itself. Unlike a replay it has no
//! bound but the log's own life, and it can read the events of the whole server.

use std::sync::Arc;

use sea_orm::DbErr;

use crate::db::Db;
use crate::feed::cursor::{Cursor, Position};
use crate::feed::event::Event;
use crate::feed::kinds::KindSet;
use crate::feed::log::{self, Reset, Superseded};
use crate::id::UserId;
use crate::limits;

/// Whose events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventScope {
    /// What this person receives.
    Person(UserId),
    /// What happens on the whole server, but for what is one person's own.
    Everybody,
}

/// Events that follow each other.
#[derive(Debug)]
pub struct Stretch {
    /// Oldest first.
    pub events: Vec<Arc<Event>>,
    /// Where the next stretch begins. It moves past events that are not for this reader too.
    pub reached: Cursor,
    /// Why there are no events, if what follows the cursor can't be read. The next stretch begins at the log's head.
    pub reset: Option<Reset>,
}

/// Reads up to so many events of these kinds, in a bounded part of the log.
pub(super) async fn read(
    db: &Db,
    scope: EventScope,
    after: Cursor,
    upto: Option<Position>,
    (first, kinds): (u64, KindSet),
) -> Result<Stretch, DbErr> {
    // One state of the log: an event that is trimmed between two reads would be skipped.
    let snapshot = db.snapshot().await?;
    let head = log::head(&snapshot).await?;
    let at = |events, reached, reset| Stretch { events, reached, reset };
    let found = log::find_at(&snapshot, after.position).await?;
    let is_trimmed = found.is_none() && after.position <= head.position;
    let stretch = if found.is_some_and(|found| found != after) || (found.is_none() && !is_trimmed) {
        at(Vec::new(), head, Some(Reset::Foreign))
    } else if is_trimmed && log::oldest(&snapshot).await?.position > after.position + 1 {
        // A person who missed nothing goes on all the same.
        let is_missed = match scope {
            EventScope::Everybody => true,
            EventScope::Person(user) => log::anything_after(&snapshot, user, after.position).await?,
        };
        at(Vec::new(), head, is_missed.then_some(Reset::Expired))
    } else {
        let most = after.position.saturating_add(limits::STRETCH_POSITIONS);
        let upto = head.position.min(most).min(upto.unwrap_or(Position::MAX)).max(after.position);
        let range = (after.position, upto);
        let events = match scope {
            EventScope::Person(user) => {
                log::missed_page(&snapshot, user, range, (first, kinds), Superseded::Kept).await?
            }
            EventScope::Everybody => log::page_of_all(&snapshot, range, first, kinds).await?,
        };
        let reached = match events.last() {
            Some(last) if events.len() as u64 >= first => last.cursor,
            Some(_) | None if upto == after.position => after,
            Some(_) | None => log::find_at(&snapshot, upto).await?.unwrap_or(after),
        };
        at(events.into_iter().map(Arc::new).collect(), reached, None)
    };
    snapshot.end().await?;
    Ok(stretch)
}
