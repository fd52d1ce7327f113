//! The newest page of somebody's conversations, with what is shown beside each of them, in one statement.
//!
//! To ask for each conversation's message and counts by itself took a third more of the processor's time, as beginning a
//! statement costs about as much as finding its row.

use std::cmp::Reverse;
use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::message_row::{as_shown, shown_message_from};
use super::{HotReads, Read};
use crate::db::hot::columns::columns;
use crate::db::hot::rows::{FromRow, conversation_from};
use crate::db::unread::{calls, uncounted};
use crate::entity::{conversation, membership, mention, message};
use crate::id::UserId;

/// What is read beside the conversations.
#[derive(Clone, Copy, Debug, Default)]
pub struct SidebarSelection {
    /// The newest message.
    pub newest: bool,
    /// How many messages after the read mark do not count as unread.
    pub uncounted: bool,
    /// How many messages after the read mark call the person.
    pub calls: bool,
}

/// A conversation of the page.
#[derive(Clone, Debug)]
pub struct SidebarRow {
    /// The person's membership.
    pub own: membership::Model,
    /// The conversation.
    pub conversation: Arc<conversation::Model>,
    /// The newest message, as people may see it, if it is selected and there is one.
    pub newest: Option<Arc<message::Model>>,
    /// If it is selected, and there are messages after the read mark.
    pub uncounted: Option<i64>,
    /// If it is selected, and there are messages after the read mark.
    pub calls: Option<i64>,
}

// Which ones they are is found out first, and with little: what is sorted is copied as a whole, and all of a person's
// conversations are.
pub(super) const SIDEBAR: &str = concat!(
    "SELECT ",
    columns!(membership, "m."),
    ", ",
    columns!(conversation, "c."),
    ", CASE WHEN ?4 AND c.last_seq > listed.mark THEN ",
    uncounted!("c.id", "listed.mark"),
    " END, CASE WHEN ?5 AND c.last_seq > listed.mark THEN ",
    calls!("c.id", "listed.mark", "?1", "?6"),
    " END, ",
    as_shown!("n."),
    " FROM (SELECT m.rowid AS own_row, c.rowid AS conversation_row, MAX(m.last_read_seq, c.first_seq - 1) AS mark
              FROM membership m CROSS JOIN conversation c ON c.id = m.conversation_id
             WHERE m.user_id = ?1 AND m.to_position IS NULL ORDER BY c.active_position DESC LIMIT ?2) listed
        CROSS JOIN membership m ON m.rowid = listed.own_row
        CROSS JOIN conversation c ON c.rowid = listed.conversation_row
        LEFT JOIN message n ON ?3 AND n.conversation_id = c.id AND n.seq = c.last_seq
        LEFT JOIN erasure e ON e.user_id = n.sender_id"
);

impl HotReads {
    /// The current memberships of a person in their most recently active conversations, with the conversations and what is
    /// selected beside them, the most recently active first.
    pub fn sidebar(&self, user: UserId, limit: u32, selection: SidebarSelection) -> Option<Vec<SidebarRow>> {
        let SidebarSelection { newest, uncounted, calls } = selection;
        let parameters = (user, limit, newest, uncounted, calls, mention::everybody());
        let mut rows = self.read(|connection| connection.all(SIDEBAR, parameters, sidebar_row))?;
        // They come in this order, which SQL does not promise.
        rows.sort_by_key(|row| Reverse(row.conversation.active_position));
        Some(rows)
    }
}

fn sidebar_row(row: &Row<'_>) -> Read<SidebarRow> {
    Ok(SidebarRow {
        own: membership::Model::from_row(row)?,
        conversation: Arc::new(conversation_from(row, 12)?),
        uncounted: row.get(27)?,
        calls: row.get(28)?,
        newest: match row.get_ref(29)? {
            ValueRef::Null => None,
            _ => Some(Arc::new(shown_message_from(row, 29)?)),
        },
    })
}
