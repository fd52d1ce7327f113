//! Writes to the FTS5 index. What is removed has to be said word for word.

use sea_orm::DbErr;

use crate::db::Tx;
use crate::search::index::backlog::Entry;
use crate::search::words;

/// Removes everything.
pub(in crate::search::index) async fn clear(tx: &Tx) -> Result<(), DbErr> {
    tx.run("INSERT INTO message_word (message_word) VALUES ('delete-all')", []).await
}

/// Removes the former texts of these messages.
pub(in crate::search::index) async fn remove(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    let sql = "INSERT INTO message_word (message_word, rowid, words) VALUES ('delete', $1, $2)";
    write(tx, sql, entries, |entry| &entry.was).await
}

/// Adds the texts of these messages.
pub(in crate::search::index) async fn add(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    write(tx, "INSERT INTO message_word (rowid, words) VALUES ($1, $2)", entries, |entry| &entry.text).await
}

/// Writes what it has gathered.
pub(in crate::search::index) async fn flush(tx: &Tx) -> Result<(), DbErr> {
    tx.run("INSERT INTO message_word (message_word) VALUES ('flush')", []).await
}

/// A statement for each that has the text: it is prepared once, and FTS5 gathers what they write.
async fn write(tx: &Tx, sql: &str, entries: &[Entry], text: impl Fn(&Entry) -> &Option<String>) -> Result<(), DbErr> {
    for entry in entries {
        let Some(text) = text(entry) else { continue };
        tx.run(sql, [entry.position.into(), words::document(entry.conversation_id, text).into()]).await?;
    }
    Ok(())
}
