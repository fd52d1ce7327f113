//! The event of a conversation that was added, changed or removed.

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};

use crate::conversations::{self, Named};
use crate::feed::{Event, Position};
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::look_up;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::users::{User, known_user};
use crate::id::{ConversationId, UserId};

/// A conversation was added, changed or removed. The user who joins or leaves receives ADDED or REMOVED; the other
/// members receive UPDATED (the group or its members changed, or a member was erased), and a MessageAdded of a line that says
/// what happened, where `SystemKind` has a value for it. For a direct conversation both users
/// receive ADDED before its first message.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct ConversationChanged {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// What changed.
    change: ConversationChange,
    /// The id of the conversation.
    conversation_id: ID,
    /// The conversation as it is now. Null if you are no longer a member.
    conversation: Option<Conversation>,
    #[graphql(skip)]
    step: MembershipStep,
}

/// Whose doing a change of a conversation is, and what identifies who came and who left by it.
struct MembershipStep {
    conversation: ConversationId,
    at: Position,
    by: Option<UserId>,
    /// The person whom the event is for alone, if they came or left by it.
    person: Option<UserId>,
}

#[ComplexObject]
impl ConversationChanged {
    /// The user whose doing it is: who added or removed somebody, left, was erased, changed the group, or sent the
    /// first direct message. Null for a key, if the change is from before the server recorded it.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.step.by {
            Some(by) => Ok(Some(known_user(ctx, by).await?)),
            None => Ok(None),
        }
    }

    /// The first 20 users who came into the conversation by this change. In your own ADDED it is you.
    async fn added(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        users(ctx, self.came(ctx).await?).await
    }

    /// How many users came into the conversation by this change.
    async fn added_count(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self.came(ctx).await?.count)
    }

    /// The first 20 users who left the conversation by this change. In your own REMOVED it is you.
    async fn removed(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        users(ctx, self.left(ctx).await?).await
    }

    /// How many users left the conversation by this change.
    async fn removed_count(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self.left(ctx).await?.count)
    }
}

impl ConversationChanged {
    /// The event as clients see it.
    pub(super) async fn of(
        ctx: &Context<'_>,
        event: &Event,
        id: ConversationId,
        change: ConversationChange,
    ) -> Result<Self> {
        let conversation = match change {
            ConversationChange::Added | ConversationChange::Updated if !ctx.has_left() => {
                look_up(ctx.loaders()?.conversations(), id).await?
            }
            ConversationChange::Added | ConversationChange::Updated | ConversationChange::Removed => None,
        };
        Ok(Self {
            cursor: ctx.app()?.feed.cursor_text(event.cursor),
            change,
            conversation_id: id.to_string().into(),
            conversation: conversation.map(Conversation::new),
            step: MembershipStep {
                conversation: id,
                at: event.position(),
                by: event.fact.user,
                person: event.recipient(),
            },
        })
    }

    async fn came(&self, ctx: &Context<'_>) -> Result<Named> {
        let MembershipStep { conversation, at, person, .. } = self.step;
        match self.change {
            ConversationChange::Added => Ok(person.map(Named::one).unwrap_or_default()),
            ConversationChange::Updated => Ok(conversations::who_came(ctx.app()?, conversation, at).await?),
            ConversationChange::Removed => Ok(Named::default()),
        }
    }

    async fn left(&self, ctx: &Context<'_>) -> Result<Named> {
        let MembershipStep { conversation, at, by, person } = self.step;
        match self.change {
            ConversationChange::Added => Ok(Named::default()),
            ConversationChange::Updated => Ok(conversations::who_left(ctx.app()?, conversation, at, by).await?),
            ConversationChange::Removed => Ok(person.map(Named::one).unwrap_or_default()),
        }
    }
}

async fn users(ctx: &Context<'_>, named: Named) -> Result<Vec<User>> {
    // Concurrently, so that their look-ups are batched.
    futures_util::future::try_join_all(named.first.into_iter().map(|id| known_user(ctx, id))).await
}

/// How a conversation changed. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationChange {
    /// You are a member from here on.
    Added,
    /// The group, or its members, changed.
    Updated,
    /// You are no longer a member.
    Removed,
}
