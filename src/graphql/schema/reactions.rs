//! Reactions to messages.

use std::sync::Arc;

use async_graphql::{Context, Object};
use uuid::Uuid;

use crate::db;
use crate::entity::message;
use crate::entity::reaction::ReactionCounts;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::look_up;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection, RelayEdge, UnsealedCursor};
use crate::graphql::schema::user_pages::{UserConnection, UserTotals};
use crate::graphql::written::json_fields;
use crate::messages;

/// The size of a page of people who reacted, if the client does not choose one.
const DEFAULT_FIRST: u32 = 20;

/// A reaction to a message, with all who reacted so.
pub(super) struct Reaction {
    message: Arc<message::Model>,
    emoji: String,
    count: i32,
}

impl Reaction {
    /// Those to a message, in the order in which each came first.
    pub(super) fn all(message: &Arc<message::Model>) -> Vec<Self> {
        let counts = ReactionCounts::parse(message.reactions.as_deref().filter(|_| message.deleted_at.is_none()));
        let reaction = |(emoji, count)| Self { message: Arc::clone(message), emoji, count };
        counts.0.into_iter().map(reaction).collect()
    }
}

/// A reaction to a message, with all who reacted so.
#[Object]
impl Reaction {
    /// One emoji, which is an RGI sequence of Unicode with its variation selector, or `:name:` of 1 to 32 of a-z, 0-9,
    /// `_`, `+`, `-`.
    async fn emoji(&self) -> &str {
        &self.emoji
    }

    /// How many users reacted with it.
    async fn count(&self) -> i32 {
        self.count
    }

    /// Whether you did.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn viewer_reacted(&self, ctx: &Context<'_>) -> Result<bool> {
        ctx.viewer()?;
        let own = look_up(ctx.loaders()?.own_reactions(), self.message.id).await?;
        Ok(own.is_some_and(|own| own.contains(&self.emoji)))
    }

    /// Who did, the first ones first. Pages have 1 to 100 users. Empty in an event that you receive after you have left
    /// the conversation.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the user with this cursor.")] after: Option<String>,
    ) -> Result<UserConnection> {
        let first = paging::size("first", first)?.unwrap_or(DEFAULT_FIRST);
        let seal = ctx.app()?.feed.seal();
        let here = Uuid::from(self.message.id);
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| match cursor {
            PageCursor::Reactor { message, position, user } if message == here => Some((position, user.into())),
            PageCursor::Reactor { .. }
            | PageCursor::Message { .. }
            | PageCursor::Pin { .. }
            | PageCursor::Hit { .. }
            | PageCursor::Conversation { .. }
            | PageCursor::User { .. }
            | PageCursor::Member { .. }
            | PageCursor::Report { .. } => None,
        })?;
        if ctx.has_left() {
            return Ok(RelayConnection::with_additional_fields(false, false, UserTotals::Counted(0)));
        }
        let page = messages::reactors(ctx.app()?, self.message.id, &self.emoji, first, after).await?;
        let total = UserTotals::Counted(db::count(self.count));
        let mut list = RelayConnection::with_additional_fields(page.has_previous, page.has_next, total);
        list.edges.extend(page.items.into_iter().map(|(position, row)| {
            let cursor = PageCursor::Reactor { message: here, position, user: row.id.into() };
            RelayEdge::new(UnsealedCursor::new(cursor, seal), row.into())
        }));
        Ok(list)
    }
}

json_fields! { Reaction { emoji, count, viewer_reacted } }
