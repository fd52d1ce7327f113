//! Pages of a conversation's history. As `seq` has no gaps, a page is a range of numbers.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::app::App;
use crate::conversations::Sight;
use crate::entity::message;
use crate::error::Result;
use crate::page::Page;

/// A part of a history. The given seqs need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The oldest messages, optionally after a seq.
    First {
        /// The number of messages.
        count: u32,
        /// The seq before the first message.
        after: Option<i32>,
    },
    /// The newest messages, optionally before a seq.
    Last {
        /// The number of messages.
        count: u32,
        /// The seq after the last message.
        before: Option<i32>,
    },
    /// The messages around a seq, or around the one nearest to it.
    Around {
        /// The number of messages.
        count: u32,
        /// The seq in the middle.
        seq: i32,
    },
}

/// A part of a conversation's history, oldest to newest.
pub async fn history(app: &App, seen: Sight<'_>, window: Window) -> Result<Page<message::Model>> {
    let (first_seq, last_seq) = (seen.conversation().first_seq, seen.conversation().last_seq);
    let (from, upto) = window.range(first_seq, last_seq);
    if from > upto {
        return Ok(Page { items: Vec::new(), has_next: upto < last_seq, has_previous: from > first_seq });
    }
    let conversation = seen.conversation().id;
    let items = match app.db.hot.messages_between(conversation, from, upto) {
        Some(messages) => messages,
        None => {
            let messages = message::Entity::find()
                .filter(message::Column::ConversationId.eq(conversation))
                .filter(message::Column::Seq.between(from, upto))
                .order_by_asc(message::Column::Seq);
            message::read(messages, &app.db.reader).await?
        }
    };
    Ok(Page { items, has_next: upto < last_seq, has_previous: from > first_seq })
}

impl Window {
    /// The first and last seq of the window in a history from `first_seq` to `last_seq`. In an empty window the first is
    /// greater than the last.
    fn range(self, first_seq: i32, last_seq: i32) -> (i32, i32) {
        let (count, from) = match self {
            Self::First { count, after } => (count, after.unwrap_or(0).clamp(first_seq - 1, last_seq) + 1),
            Self::Last { count, before } => {
                let upto = before.unwrap_or(i32::MAX).saturating_sub(1).clamp(first_seq - 1, last_seq);
                return (upto.saturating_sub(size(count)).max(first_seq - 1) + 1, upto);
            }
            Self::Around { count, seq } => {
                // Half before and half after, shifted at the ends of the history.
                let from = seq.clamp(first_seq, last_seq.max(first_seq)) - size(count) / 2;
                (count, from.min(last_seq - size(count) + 1).max(first_seq))
            }
        };
        (from, from.saturating_add(size(count) - 1).min(last_seq))
    }
}

fn size(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Window::{Around, First, Last};

    #[test]
    fn a_window_is_a_range_of_seqs() {
        for (window, last_seq, range) in [
            (First { count: 3, after: None }, 10, (1, 3)),
            (First { count: 3, after: Some(8) }, 10, (9, 10)),
            (First { count: 3, after: Some(10) }, 10, (11, 10)),
            (First { count: 3, after: Some(99) }, 10, (11, 10)),
            (Last { count: 3, before: None }, 10, (8, 10)),
            (Last { count: 3, before: Some(3) }, 10, (1, 2)),
            (Last { count: 3, before: Some(1) }, 10, (1, 0)),
            (Last { count: 3, before: Some(99) }, 10, (8, 10)),
            (Around { count: 3, seq: 5 }, 10, (4, 6)),
            (Around { count: 4, seq: 5 }, 10, (3, 6)),
            (Around { count: 3, seq: 1 }, 10, (1, 3)),
            (Around { count: 3, seq: 0 }, 10, (1, 3)),
            (Around { count: 3, seq: 99 }, 10, (8, 10)),
            (Around { count: 50, seq: 5 }, 10, (1, 10)),
            (Around { count: 1, seq: 5 }, 10, (5, 5)),
        ] {
            assert_eq!(window.range(1, last_seq), range, "{window:?}");
        }
        for empty in [First { count: 3, after: None }, Last { count: 3, before: None }, Around { count: 3, seq: 1 }] {
            assert_eq!(empty.range(1, 0), (1, 0), "{empty:?}");
            assert_eq!(empty.range(8, 7), (8, 7), "{empty:?}");
        }
    }

    #[test]
    fn a_window_ends_at_the_oldest_message_that_is_kept() {
        for (window, range) in [
            (First { count: 3, after: None }, (5, 7)),
            (First { count: 3, after: Some(2) }, (5, 7)),
            (First { count: 3, after: Some(5) }, (6, 8)),
            (Last { count: 3, before: Some(7) }, (5, 6)),
            (Last { count: 3, before: Some(5) }, (5, 4)),
            (Last { count: 3, before: Some(2) }, (5, 4)),
            (Last { count: 30, before: None }, (5, 10)),
            (Around { count: 3, seq: 1 }, (5, 7)),
            (Around { count: 30, seq: 7 }, (5, 10)),
        ] {
            assert_eq!(window.range(5, 10), range, "{window:?}");
        }
    }
}
