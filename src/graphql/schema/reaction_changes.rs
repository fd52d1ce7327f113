//! Reacting to messages, and the event of it.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};

use crate::error::Error;
use crate::feed::Event;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::users::{User, known_user};
use crate::id::MessageId;
use crate::messages::{self, Emoji, ReactionStep};

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
    /// second. Codes: NOT_FOUND, FORBIDDEN (a direct conversation in which one has blocked the other, or is erased),
    /// BAD_USER_INPUT (a deleted message, a system message, a full list, not one emoji), RATE_LIMITED.
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

    /// Takes a reaction of yours back; again is no change, and no block forbids it. Otherwise like addReaction, with the
    /// same rate and codes.
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
