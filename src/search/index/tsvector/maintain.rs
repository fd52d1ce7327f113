//! Writes to the index.

use sea_orm::{DbErr, Value};

use crate::db::Tx;
use crate::search::index::backlog::Entry;
use crate::search::words;

/// Removes everything.
pub(in crate::search::index) async fn clear(tx: &Tx) -> Result<(), DbErr> {
    tx.run("DELETE FROM message_word", []).await
}

/// Removes these messages.
pub(in crate::search::index) async fn remove(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    if entries.is_empty() {
        return Ok(());
    }
    let positions: Vec<Value> = entries.iter().map(|entry| entry.position.into()).collect();
    let list = (1..=positions.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
    tx.run(&format!("DELETE FROM message_word WHERE position IN ({list})"), positions).await
}

/// Adds the texts of these messages.
pub(in crate::search::index) async fn add(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    let mut rows = Vec::with_capacity(entries.len());
    let mut values: Vec<Value> = Vec::with_capacity(2 * entries.len());
    for entry in entries {
        let Some(text) = &entry.text else { continue };
        values.extend([entry.position.into(), words::document(entry.conversation_id, text).into()]);
        let last = values.len();
        // The words are split already: nothing of PostgreSQL's own rules applies.
        rows.push(format!("(${}, array_to_tsvector(string_to_array(${last}, ' ')))", last - 1));
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.run(&format!("INSERT INTO message_word (position, words) VALUES {}", rows.join(", ")), values).await
}
