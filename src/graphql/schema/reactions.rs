//! Reactions to messages.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use uuid::Uuid;

use crate::db;
use crate::entity::message;
use crate::entity::reaction::ReactionCounts;
use crate::error::Error;
use crate::feed::Event;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection, RelayEdge, UnsealedCursor};
use crate::graphql::schema::user_pages::{UserConnection, UserTotals};
use crate::graphql::schema::users::{User, known_user};
use crate::graphql::written::json_fields;
use crate::id::MessageId;
use crate::messages::{self, Emoji, ReactionStep};

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
        let own = look_up(&ctx.loaders()?.own_reactions, self.message.id).await?;
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

/// The reactions to a message changed: what came together within a quarter of a second. The counts are in `message`, whose
/// `version` does not move; in a replay they are the current ones.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct ReactionsChanged {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// The message.
    message: Message,
    #[graphql(skip)]
    steps: Vec<ReactionStep>,
}

#[ComplexObject]
impl ReactionsChanged {
    /// The id of the conversation.
    async fn conversation_id(&self) -> ID {
        self.message.row.conversation_id.to_string().into()
    }

    /// What changed by this event, at most 100 changes: a reaction that was added and taken back meanwhile is none of
    /// them.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<ReactionChange>> {
        let changes = self.steps.iter().map(|step| async {
            let user = known_user(ctx, step.user).await?;
            Ok(ReactionChange { user, emoji: step.emoji.clone(), added: step.adds })
        });
        // Concurrently, so that their look-ups are batched.
        futures_util::future::try_join_all(changes).await
    }
}

impl ReactionsChanged {
    pub(super) fn new(cursor: String, message: Message, event: &Event) -> Self {
        Self { cursor, message, steps: messages::reaction_steps(event.fact.detail.as_deref()) }
    }
}

/// A user reacted to a message, or took a reaction back.
#[derive(SimpleObject)]
pub(super) struct ReactionChange {
    /// The user.
    user: User,
    /// The emoji.
    emoji: String,
    /// Whether the reaction was added. Else it was taken back.
    added: bool,
}

/// Mutations of reactions.
#[derive(Default)]
pub(super) struct ReactionsMutation;

#[Object]
impl ReactionsMutation {
    /// Reacts to a message with an emoji; again is no change. A message takes up to 20 different emoji, and 10 of one
    /// user. All members receive ReactionsChanged: the first reaction to a message is published at once, and those that
    /// follow within 250 ms together, each answered when it is stored. Reactions have a burst of 40 and then 2 per
    /// second. Codes: NOT_FOUND, BAD_USER_INPUT (a deleted message, a system message, a full list, not one
    /// emoji), RATE_LIMITED.
    async fn add_reaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] message_id: ID,
        #[graphql(desc = "An emoji, with or without its variation selector, or `:name:`.")] emoji: String,
    ) -> Result<Message> {
        let (viewer, emoji) = (ctx.viewer()?, Emoji::parse(&emoji)?);
        let id = MessageId::parse(&message_id).ok_or(Failure(Error::NotFound))?;
        Ok(ctx.program()?.reactions.add(viewer, id, emoji).await?.into())
    }

    /// Takes a reaction of yours back; again is no change. Otherwise like addReaction, with the same rate and codes.
    async fn remove_reaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] message_id: ID,
        #[graphql(desc = "The emoji that you reacted with.")] emoji: String,
    ) -> Result<Message> {
        let (viewer, emoji) = (ctx.viewer()?, Emoji::parse(&emoji)?);
        let id = MessageId::parse(&message_id).ok_or(Failure(Error::NotFound))?;
        Ok(ctx.program()?.reactions.remove(viewer, id, emoji).await?.into())
    }
}
