//! Reads what the index proposes, and lets through what is so.

use std::cmp::Reverse;
use std::ops::Range;

use sea_orm::{DatabaseConnection, FromQueryResult, Statement};

use crate::entity::message;
use crate::error::Result;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::search::Query;

/// A conversation to search, and a position that none of its messages is behind.
pub(super) type Searched = (ConversationId, Position);

/// What a person finds by a query.
pub(super) struct Hits<'a> {
    db: &'a DatabaseConnection,
    viewer: UserId,
    query: &'a Query,
    conversations: &'a [Searched],
    /// How many words of the query the index is asked for: with many conversations, few.
    words: usize,
}

impl<'a> Hits<'a> {
    /// The conversations come in the order of their positions, the newest first.
    pub(super) fn new(
        db: &'a DatabaseConnection,
        viewer: UserId,
        query: &'a Query,
        conversations: &'a [Searched],
    ) -> Self {
        let words = (limits::SEARCH_TERMS / conversations.len().max(1)).max(1);
        Self { db, viewer, query, conversations, words }
    }

    /// The newest in a range of positions, so many at most, the newest first.
    pub(super) async fn newest(&self, range: Range<Position>, count: u32) -> Result<Vec<message::Model>> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let mut hits: Vec<message::Model> = Vec::new();
        for conversations in self.conversations.chunks(limits::SEARCH_AT_ONCE) {
            // Where there are enough, only what is newer than the oldest of them is of interest.
            let from = hits.last().filter(|_| hits.len() == wanted).map_or(range.start, |oldest| oldest.position + 1);
            if conversations.first().is_none_or(|(_, newest)| *newest < from) {
                break;
            }
            let expression = self.query.expression(conversations.iter().map(|(id, _)| *id), self.words);
            hits.extend(self.read(&expression, from..range.end, wanted).await?);
            hits.sort_by_key(|hit| Reverse(hit.position));
            hits.truncate(wanted);
        }
        Ok(hits)
    }

    /// Reads on until there are as many that are so, or no more.
    async fn read(&self, expression: &str, range: Range<Position>, wanted: usize) -> Result<Vec<message::Model>> {
        let mut hits = Vec::new();
        let mut before = range.end;
        let mut size = wanted;
        loop {
            let page = self.page(expression, range.start..before, size).await?;
            let was_last = page.len() < size;
            let Some(last) = page.last().map(|row| row.position) else { return Ok(hits) };
            let missing = wanted - hits.len();
            hits.extend(page.into_iter().filter(|row| self.is_so(row)).take(missing));
            if was_last || hits.len() == wanted {
                return Ok(hits);
            }
            before = last;
            // Where much that is proposed is not so, the index is not to be asked for each few of it.
            size = (2 * size).min(limits::SEARCH_PAGE);
        }
    }

    /// The index knows of words and not how they stand, and it may be behind.
    fn is_so(&self, row: &message::Model) -> bool {
        row.text.as_deref().is_some_and(|text| self.query.matches(text))
    }

    /// In the index's own order, so that nothing is sorted; `CROSS` keeps it outside. Texts that are to be cleared are left
    /// out. Whether the viewer may read a message is asked of each, of the memberships as they are in this statement.
    async fn page(&self, expression: &str, range: Range<Position>, size: usize) -> Result<Vec<message::Model>> {
        let sql = "SELECT m.* FROM message_word CROSS JOIN message m ON m.position = message_word.rowid
              WHERE message_word MATCH $1 AND message_word.rowid >= $2 AND message_word.rowid < $3
                AND m.text IS NOT NULL AND EXISTS (
                SELECT 1 FROM membership own WHERE own.conversation_id = m.conversation_id
                   AND own.user_id = $4 AND own.to_position IS NULL)
                AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.user_id = m.sender_id)
              ORDER BY message_word.rowid DESC LIMIT $5";
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let values = [expression.into(), range.start.into(), range.end.into(), self.viewer.into(), size.into()];
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        Ok(message::Model::find_by_statement(statement).all(self.db).await?)
    }
}
