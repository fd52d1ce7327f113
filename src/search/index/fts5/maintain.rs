//! Maintains the FTS5 index: `message_word` has the words, `search_progress` how far it goes, and `search_change` the
//! former texts of indexed messages that have changed since, which a trigger writes.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use crate::db::Tx;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::limits;
use crate::search::words;

/// Whether there is something to index.
pub(in crate::search) async fn is_behind(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM search_progress p WHERE p.rules <> $1 OR EXISTS (SELECT 1 FROM search_change)
                  OR EXISTS (SELECT 1 FROM message m WHERE m.position > p.position)";
    Ok(db.query_one_raw(statement(db, sql, [words::RULES.into()])).await?.is_some())
}

/// Whether former texts of messages are still to be removed from the index.
pub(in crate::search) async fn has_former_texts(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(db.query_one_raw(statement(db, "SELECT 1 FROM search_change LIMIT 1", [])).await?.is_some())
}

/// Indexes the next messages, and updates indexed messages that have changed.
pub(in crate::search) async fn go_on(tx: &Tx, is_damaged: bool) -> Result<(), DbErr> {
    let from = progress(tx, is_damaged).await?;
    let changed = changed(tx).await?;
    let new = new(tx, from).await?;
    remove(tx, &changed).await?;
    // In separate flushes: a word that is removed and added again in one flush would be lost.
    flush(tx).await?;
    add(tx, &changed).await?;
    if let Some(last) = changed.last() {
        // Read in order, so these are all up to there.
        run(tx, "DELETE FROM search_change WHERE position <= $1", [last.position.into()]).await?;
    }
    add(tx, &new).await?;
    if let Some(last) = new.last() {
        run(tx, "UPDATE search_progress SET position = $1", [last.position.into()]).await?;
    }
    // Flushed here, so that an error occurs within the savepoint and not at the commit of the whole batch.
    flush(tx).await
}

/// A message to index.
#[derive(FromQueryResult)]
struct Entry {
    position: Position,
    conversation_id: ConversationId,
    /// What the index has of it.
    was: Option<String>,
    /// Its current text.
    text: Option<String>,
}

/// The position up to which messages are indexed. An index that is damaged or has other rules is rebuilt from the
/// start.
async fn progress(tx: &Tx, is_damaged: bool) -> Result<Position, DbErr> {
    #[derive(FromQueryResult)]
    struct Progress {
        position: Position,
        rules: i32,
    }
    let progress = statement(tx, "SELECT position, rules FROM search_progress", []);
    match Progress::find_by_statement(progress).one(tx).await? {
        Some(progress) if progress.rules == words::RULES && !is_damaged => Ok(progress.position),
        Some(_) | None => {
            run(tx, "INSERT INTO message_word (message_word) VALUES ('delete-all')", []).await?;
            run(tx, "DELETE FROM search_change", []).await?;
            run(tx, "UPDATE search_progress SET position = 0, rules = $1", [words::RULES.into()]).await?;
            Ok(0)
        }
    }
}

async fn changed(tx: &Tx) -> Result<Vec<Entry>, DbErr> {
    let sql = "SELECT c.position, m.conversation_id, c.text AS was, m.text FROM search_change c
                 CROSS JOIN message m ON m.position = c.position ORDER BY c.position LIMIT $1";
    Entry::find_by_statement(statement(tx, sql, [limits::INDEX_CHANGES.into()])).all(tx).await
}

/// The next messages, up to a limit on their total length.
async fn new(tx: &Tx, after: Position) -> Result<Vec<Entry>, DbErr> {
    let sql = "SELECT position, conversation_id, NULL AS was, text FROM message WHERE position > $1
                ORDER BY position LIMIT $2";
    let new = Entry::find_by_statement(statement(tx, sql, [after.into(), limits::INDEX_MESSAGES.into()])).all(tx);
    let mut bytes = 0;
    let fits = |entry: &Entry| {
        let fits = bytes < limits::INDEX_BYTES;
        bytes += entry.text.as_ref().map_or(0, String::len);
        fits
    };
    Ok(new.await?.into_iter().take_while(fits).collect())
}

async fn remove(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    write(tx, "INSERT INTO message_word (message_word, rowid, words)", "'delete', ", entries, |entry| &entry.was).await
}

async fn add(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    write(tx, "INSERT INTO message_word (rowid, words)", "", entries, |entry| &entry.text).await
}

/// One statement for all that have the text.
async fn write(
    tx: &Tx,
    insert: &str,
    command: &str,
    entries: &[Entry],
    text: impl Fn(&Entry) -> &Option<String>,
) -> Result<(), DbErr> {
    let mut rows = Vec::with_capacity(entries.len());
    let mut values: Vec<Value> = Vec::with_capacity(2 * entries.len());
    for entry in entries {
        let Some(text) = text(entry) else { continue };
        values.extend([entry.position.into(), words::document(entry.conversation_id, text).into()]);
        rows.push(format!("({command}${}, ${})", values.len() - 1, values.len()));
    }
    if rows.is_empty() {
        return Ok(());
    }
    run(tx, &format!("{insert} VALUES {}", rows.join(", ")), values).await
}

async fn flush(tx: &Tx) -> Result<(), DbErr> {
    run(tx, "INSERT INTO message_word (message_word) VALUES ('flush')", []).await
}

async fn run(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
    tx.execute_raw(statement(tx, sql, values)).await.map(drop)
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
