//! The event of messages that were deleted by their age.

use async_graphql::{ID, SimpleObject};

use crate::feed::Event;
use crate::id::ConversationId;

/// The oldest messages of a conversation were deleted by their age, with their images, reactions and pins: drop those whose
/// `seq` is before `beforeSeq`. There is no MessageChanged for them, replies to them have no `replyTo` any more, and what
/// of them was unread no longer is: a read mark before `beforeSeq` - 1 counts as one there. A replay leaves out earlier
/// events of these messages, and contains only the newest HistoryTrimmed of a conversation.
#[derive(SimpleObject)]
pub(super) struct HistoryTrimmed {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// The conversation.
    conversation_id: ID,
    /// The `seq` of the oldest message that is kept: the `firstSeq` of the conversation.
    before_seq: i32,
}

impl HistoryTrimmed {
    pub(super) fn new(cursor: String, conversation: ConversationId, event: &Event) -> Self {
        Self {
            cursor,
            conversation_id: conversation.to_string().into(),
            before_seq: event.fact.trimmed_before().unwrap_or(1),
        }
    }
}
