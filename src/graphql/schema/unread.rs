//! What is unread.

use async_graphql::{Context, SimpleObject};

use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::messages;

/// Your unread messages, for a badge. What counts is what `Message.countsAsUnread` says: deleted messages do not, nor do
/// system messages.
#[derive(SimpleObject)]
pub(super) struct UnreadSummary {
    /// The number of unread messages in all your conversations.
    messages: i64,
    /// The number of conversations with unread messages.
    conversations: i64,
    /// The number of unread messages that call you, by name or with everybody.
    mentions: i64,
    /// What an app's badge shows: the unread messages that call you, and all of direct conversations. Conversations that
    /// you have muted, or whose `notifications` are NONE, count nothing.
    badge: i64,
}

impl UnreadSummary {
    /// Those of the viewer, as they are now.
    pub(super) async fn now(ctx: &Context<'_>) -> Result<Self> {
        let unread = messages::unread(ctx.app()?, ctx.viewer()?).await?;
        let messages::Unread { messages, conversations, mentions, badge } = unread;
        Ok(Self { messages, conversations, mentions, badge })
    }
}
