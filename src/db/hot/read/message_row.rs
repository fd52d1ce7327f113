//! Messages as people may see them, while their senders and those who reacted are being erased.

use rusqlite::Row;

use super::Read;
use crate::db::hot::rows::message_from;
use crate::entity::message;

/// What is read of a message to show it: its columns, since when its sender is being erased as `e`, and the reactions of
/// people who are being erased. See [`shown_message_from`].
macro_rules! as_shown {
    ($message:literal) => {
        concat!(
            columns!(message, $message),
            ", e.erased_at, CASE WHEN ",
            $message,
            "reactions IS NOT NULL THEN (SELECT group_concat(r.emoji, ' ')
                FROM erasure g CROSS JOIN reaction r WHERE r.user_id = g.user_id AND r.message_id = ",
            $message,
            "id) END"
        )
    };
}
pub(super) use as_shown;

/// A message as people may see it, of a row that has nothing else.
pub(super) fn shown_message(row: &Row<'_>) -> Read<message::Model> {
    shown_message_from(row, 0)
}

/// A message as people may see it, of a row in which what [`as_shown!`] names begins at this column.
pub(super) fn shown_message_from(row: &Row<'_>, first: usize) -> Read<message::Model> {
    let mut message = message_from(row, first)?;
    if let Some(erased_at) = row.get(first + 20)? {
        message.bury(erased_at);
    }
    if let Some(gone) = row.get::<_, Option<String>>(first + 21)? {
        message.take_reactions(&gone);
    }
    Ok(message)
}
