//! What the indexes have in common: `search_progress` says how far an index goes, and `search_change` which indexed
//! messages have changed since, which a trigger of the table of messages writes.

use rusqlite::Row;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use super::Index;
use crate::db::{FromRow, Tx};
use crate::feed::Position;
use crate::id::ConversationId;
use crate::limits;
use crate::search::words;

/// Whether there is something to index, up to a position.
pub(super) async fn is_behind(db: &impl ConnectionTrait, head: Position) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM search_progress p WHERE p.rules <> $1 OR EXISTS (SELECT 1 FROM search_change)
                  OR EXISTS (SELECT 1 FROM message m WHERE m.position > p.position AND m.position <= $2)";
    Ok(db.query_one_raw(statement(db, sql, [words::RULES.into(), head.into()])).await?.is_some())
}

/// Whether former texts of messages are still to be removed from the index.
pub(super) async fn has_former_texts(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(db.query_one_raw(statement(db, "SELECT 1 FROM search_change LIMIT 1", [])).await?.is_some())
}

/// Indexes the next messages, and updates indexed messages that have changed.
pub(super) async fn go_on(index: Index, tx: &Tx, is_damaged: bool) -> Result<(), DbErr> {
    let from = progress(index, tx, is_damaged).await?;
    let changed = changed(tx).await?;
    let new = new(tx, from).await?;
    index.remove(tx, &changed).await?;
    // In separate flushes: a word that is removed and added again in one flush would be lost.
    index.flush(tx).await?;
    index.add(tx, &changed).await?;
    if let Some(last) = changed.last() {
        // Read in order, so these are all up to there.
        tx.run("DELETE FROM search_change WHERE position <= $1", [last.position.into()]).await?;
    }
    index.add(tx, &new).await?;
    if let Some(last) = new.last() {
        tx.run("UPDATE search_progress SET position = $1", [last.position.into()]).await?;
    }
    // Flushed here, so that an error occurs within the savepoint and not at the commit of the whole batch.
    index.flush(tx).await
}

/// A message to index.
#[derive(FromQueryResult)]
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) conversation_id: ConversationId,
    /// What the index has of it, where removing it takes that.
    pub(super) was: Option<String>,
    /// Its current text.
    pub(super) text: Option<String>,
}

impl FromRow for Entry {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { position: row.get(0)?, conversation_id: row.get(1)?, was: row.get(2)?, text: row.get(3)? })
    }
}

/// The position up to which messages are indexed. An index that is damaged or has other rules is rebuilt from the
/// start.
async fn progress(index: Index, tx: &Tx, is_damaged: bool) -> Result<Position, DbErr> {
    #[derive(FromQueryResult)]
    struct Progress {
        position: Position,
        rules: i32,
    }
    impl FromRow for Progress {
        fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
            Ok(Self { position: row.get(0)?, rules: row.get(1)? })
        }
    }
    match tx.rows::<Progress>("SELECT position, rules FROM search_progress", []).await?.pop() {
        Some(progress) if progress.rules == words::RULES && !is_damaged => Ok(progress.position),
        Some(_) | None => {
            index.clear(tx).await?;
            tx.run("DELETE FROM search_change", []).await?;
            tx.run("UPDATE search_progress SET position = 0, rules = $1", [words::RULES.into()]).await?;
            Ok(0)
        }
    }
}

async fn changed(tx: &Tx) -> Result<Vec<Entry>, DbErr> {
    // Of a message that is gone, the trigger has noted its conversation.
    let sql =
        "SELECT c.position, COALESCE(m.conversation_id, c.conversation_id) AS conversation_id, c.text AS was, m.text
                 FROM (SELECT position, text, conversation_id FROM search_change ORDER BY position LIMIT $1) c
                 LEFT JOIN message m ON m.position = c.position ORDER BY c.position";
    tx.rows(sql, [limits::INDEX_CHANGES.into()]).await
}

/// The next messages, up to a limit on their total length.
async fn new(tx: &Tx, after: Position) -> Result<Vec<Entry>, DbErr> {
    let sql = "SELECT position, conversation_id, NULL AS was, text FROM message WHERE position > $1
                ORDER BY position LIMIT $2";
    let new: Vec<Entry> = tx.rows(sql, [after.into(), limits::INDEX_MESSAGES.into()]).await?;
    let mut bytes = 0;
    let fits = |entry: &Entry| {
        let fits = bytes < limits::INDEX_BYTES;
        bytes += entry.text.as_ref().map_or(0, String::len);
        fits
    };
    Ok(new.into_iter().take_while(fits).collect())
}

pub(super) fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
