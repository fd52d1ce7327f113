//! Writes to the FTS5 index. What is removed has to be said word for word.

use sea_orm::{DbErr, Value};

use crate::db::Tx;
use crate::search::index::backlog::{Entry, run};
use crate::search::words;

/// Removes everything.
pub(in crate::search::index) async fn clear(tx: &Tx) -> Result<(), DbErr> {
    run(tx, "INSERT INTO message_word (message_word) VALUES ('delete-all')", []).await
}

/// Removes the former texts of these messages.
pub(in crate::search::index) async fn remove(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    write(tx, "INSERT INTO message_word (message_word, rowid, words)", "'delete', ", entries, |entry| &entry.was).await
}

/// Adds the texts of these messages.
pub(in crate::search::index) async fn add(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    write(tx, "INSERT INTO message_word (rowid, words)", "", entries, |entry| &entry.text).await
}

/// Writes what it has gathered.
pub(in crate::search::index) async fn flush(tx: &Tx) -> Result<(), DbErr> {
    run(tx, "INSERT INTO message_word (message_word) VALUES ('flush')", []).await
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
