//! Reads what the index proposes, and lets through what is so.

use sea_orm::{DatabaseConnection, FromQueryResult, Statement};

use crate::entity::message;
use crate::error::Result;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::search::Query;

/// What a person finds by a query.
pub(super) struct Hits<'a> {
    db: &'a DatabaseConnection,
    viewer: UserId,
    query: &'a Query,
    expression: String,
}

/// In which direction hits are read.
#[derive(Clone, Copy)]
enum Way {
    /// Towards older ones.
    Back,
    /// Towards newer ones.
    On,
}

impl<'a> Hits<'a> {
    pub(super) fn new(db: &'a DatabaseConnection, viewer: UserId, query: &'a Query, places: &[ConversationId]) -> Self {
        Self { db, viewer, query, expression: query.expression(places) }
    }

    /// The newest before a position.
    pub(super) async fn before(&self, position: Position, count: u32) -> Result<Vec<message::Model>> {
        self.read(Way::Back, position, count).await
    }

    /// The oldest from a position on.
    pub(super) async fn from(&self, position: Position, count: u32) -> Result<Vec<message::Model>> {
        self.read(Way::On, position, count).await
    }

    /// Reads on until there are as many that are so, or no more.
    async fn read(&self, way: Way, mut position: Position, count: u32) -> Result<Vec<message::Model>> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let mut hits = Vec::with_capacity(wanted);
        loop {
            let page = self.page(way, position, count).await?;
            let was_last = page.len() < wanted;
            let Some(last) = page.last().map(|row| row.position) else { return Ok(hits) };
            let missing = wanted - hits.len();
            hits.extend(page.into_iter().filter(|row| self.is_so(row)).take(missing));
            if was_last || hits.len() == wanted {
                return Ok(hits);
            }
            position = match way {
                Way::Back => last,
                Way::On => last + 1,
            };
        }
    }

    /// The index knows of words and not how they stand, and it may be behind.
    fn is_so(&self, row: &message::Model) -> bool {
        row.text.as_deref().is_some_and(|text| self.query.matches(text))
    }

    /// Texts that are to be cleared are passed over. In the index's own order, so that nothing is sorted; `CROSS` keeps it outside. Whether the viewer may read a
    /// message is asked of each, of the memberships as they are in this statement.
    async fn page(&self, way: Way, position: Position, count: u32) -> Result<Vec<message::Model>> {
        let (range, order) = match way {
            Way::Back => ("< $2", "DESC"),
            Way::On => (">= $2", "ASC"),
        };
        let sql = format!(
            "SELECT m.* FROM message_word CROSS JOIN message m ON m.position = message_word.rowid
              WHERE message_word MATCH $1 AND message_word.rowid {range} AND m.text IS NOT NULL AND EXISTS (
                SELECT 1 FROM membership own WHERE own.conversation_id = m.conversation_id
                   AND own.user_id = $3 AND own.to_position IS NULL)
                AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.user_id = m.sender_id)
              ORDER BY message_word.rowid {order} LIMIT $4"
        );
        let values = [self.expression.as_str().into(), position.into(), self.viewer.into(), i64::from(count).into()];
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        Ok(message::Model::find_by_statement(statement).all(self.db).await?)
    }
}
