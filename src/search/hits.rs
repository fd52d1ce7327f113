//! Reads candidates from the index, and selects those that the messages confirm.

use std::cmp::Reverse;
use std::ops::Range;

use crate::db::Reader;
use crate::entity::message;
use crate::error::Result;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::search::index::{Index, Wanted};
use crate::search::words::Term;
use crate::search::{HitFilter, MessageSearch, Sought};

/// A conversation to search, and a position that none of its messages is behind.
pub(super) type Searched = (ConversationId, Position);

/// What a person finds by a query.
pub(super) struct Hits<'a> {
    index: Index,
    db: &'a Reader,
    viewer: UserId,
    query: &'a MessageSearch,
    filter: &'a HitFilter,
    conversations: &'a [Searched],
    /// The terms to look up in the index: with many conversations, few words of the query.
    terms: Vec<Term>,
}

impl<'a> Hits<'a> {
    /// The conversations come in the order of their positions, the newest first.
    pub(super) fn new(
        index: Index,
        db: &'a Reader,
        viewer: UserId,
        sought: &'a Sought,
        conversations: &'a [Searched],
    ) -> Self {
        let Sought { query, filter, .. } = sought;
        let words = (limits::SEARCH_TERMS / conversations.len().max(1)).max(1);
        Self { index, db, viewer, query, filter, conversations, terms: query.terms(words) }
    }

    /// The newest hits in a range of positions, up to a limit, the newest first.
    pub(super) async fn newest(&self, range: Range<Position>, count: u32) -> Result<Vec<message::Model>> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let mut hits: Vec<message::Model> = Vec::new();
        for conversations in self.conversations.chunks(limits::SEARCH_AT_ONCE) {
            // With enough hits, only what is newer than the oldest of them matters.
            let from = hits.last().filter(|_| hits.len() == wanted).map_or(range.start, |oldest| oldest.position + 1);
            if conversations.first().is_none_or(|(_, newest)| *newest < from) {
                break;
            }
            let conversations: Vec<ConversationId> = conversations.iter().map(|(id, _)| *id).collect();
            hits.extend(self.read(&conversations, from..range.end, wanted).await?);
            hits.sort_by_key(|hit| Reverse(hit.position));
            hits.truncate(wanted);
        }
        Ok(hits)
    }

    /// Reads pages until enough messages are confirmed, or there are no more.
    async fn read(
        &self,
        conversations: &[ConversationId],
        range: Range<Position>,
        wanted: usize,
    ) -> Result<Vec<message::Model>> {
        let proposed = Wanted { terms: &self.terms, conversations, viewer: self.viewer, filter: self.filter };
        let mut hits = Vec::new();
        let mut before = range.end;
        let mut size = wanted;
        loop {
            let page = self.index.page(self.db, &proposed, range.start..before, size).await?;
            let was_last = page.len() < size;
            let Some(last) = page.last().map(|row| row.position) else { return Ok(hits) };
            let missing = wanted - hits.len();
            hits.extend(page.into_iter().filter(|row| self.is_confirmed(row)).take(missing));
            if was_last || hits.len() == wanted {
                return Ok(hits);
            }
            before = last;
            // If few proposals are confirmed, larger pages ask the index less often.
            size = (2 * size).min(limits::SEARCH_PAGE);
        }
    }

    /// Whether the message confirms the proposal: the index has words without their order, and it may be behind.
    fn is_confirmed(&self, row: &message::Model) -> bool {
        row.text.as_deref().is_some_and(|text| self.query.matches(text))
    }
}
