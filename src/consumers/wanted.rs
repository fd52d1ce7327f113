//! Where a client of a consumer asks to start.

use crate::feed::{Cursor, Feed, Start};

/// The cursors that a client sent, as `after` or to resume from.
#[derive(Clone, Debug, Default)]
pub struct WantedStart(Vec<Start>);

impl WantedStart {
    /// Reads cursors.
    pub fn new<'a>(feed: &Feed, cursors: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self(cursors.into_iter().flatten().map(|cursor| feed.start_after(Some(cursor))).collect())
    }

    /// Looks up which of them are valid here.
    pub(super) async fn checked(self, feed: &Feed) -> Checked {
        let is_any = !self.0.is_empty();
        let mut latest: Option<Cursor> = None;
        for start in self.0 {
            if let Start::After(cursor) = start
                && latest.is_none_or(|latest| latest.position < cursor.position)
                && feed.is_ours(cursor).await
            {
                latest = Some(cursor);
            }
        }
        Checked { latest, is_any }
    }
}

/// Cursors that were looked up.
pub(super) struct Checked {
    /// The latest valid one.
    pub(super) latest: Option<Cursor>,
    /// Whether the client sent any.
    pub(super) is_any: bool,
}
