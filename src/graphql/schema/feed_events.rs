//! The events of the feed as clients see them.

use std::sync::Arc;

use async_graphql::connection::EmptyFields;
use async_graphql::{ComplexObject, Context, Enum, ID, Interface, SimpleObject};

use crate::conversations::{self, Named};
use crate::error::Error;
use crate::feed::{Event, EventKind, Position, Reset};
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::members::Member;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{PageCursor, RelayEdge, UnsealedCursor};
use crate::graphql::schema::reactions::ReactionsChanged;
use crate::graphql::schema::unread::UnreadSummary;
use crate::graphql::schema::users::{User, known_user};
use crate::id::{ConversationId, UserId};

/// An event of the feed. More types may be added: clients must tolerate unknown ones and still store their cursor.
#[derive(Interface)]
#[graphql(field(name = "cursor", ty = "&String", desc = "The cursor to resume from after this event."))]
pub(super) enum FeedEvent {
    MessageAdded(MessageAdded),
    MessageChanged(MessageChanged),
    ReadMarkMoved(ReadMarkMoved),
    ReactionsChanged(ReactionsChanged),
    ConversationChanged(ConversationChanged),
    UserChanged(UserChanged),
    CaughtUp(CaughtUp),
    FeedReset(FeedReset),
}

/// A new message.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct MessageAdded {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The message. In a replay it is the current version.
    message: Message,
}

#[ComplexObject]
impl MessageAdded {
    /// The message as an edge of its conversation's history, for a client's cache to append.
    async fn edge(&self, ctx: &Context<'_>) -> Result<RelayEdge<UnsealedCursor, Message, EmptyFields>> {
        let cursor = UnsealedCursor::new(PageCursor::of_message(&self.message.row), ctx.app()?.feed.seal());
        Ok(RelayEdge::new(cursor, self.message.clone()))
    }

    /// Your unread messages as they are now. It depends on who asks: with it, the server executes the subscription for
    /// each subscriber.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// A message was edited or deleted: compare `version`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct MessageChanged {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The message. In a replay it is the current version.
    message: Message,
}

#[ComplexObject]
impl MessageChanged {
    /// Your unread messages as they are now. It depends on who asks: with it, the server executes the subscription for
    /// each subscriber.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// A read mark moved. You always receive your own marks (for your other devices), and other members' marks in
/// conversations of up to 100 members. There is at most one event per second for each user and conversation; a replay
/// contains only the newest. Sending a message moves the sender's mark without a ReadMarkMoved.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct ReadMarkMoved {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The conversation that was read.
    conversation_id: ID,
    /// The user who has read.
    user: User,
    /// The `seq` up to which they have read.
    last_read_seq: i32,
    /// The member who has read. Null if they have left since.
    member: Option<Member>,
    #[graphql(skip)]
    conversation: ConversationId,
}

#[ComplexObject]
impl ReadMarkMoved {
    /// The conversation that was read.
    async fn conversation(&self, ctx: &Context<'_>) -> Result<Option<Conversation>> {
        Ok(look_up(&ctx.loaders()?.conversations, self.conversation).await?.map(Conversation::new))
    }

    /// Your unread messages as they are now. It depends on who asks: with it, the server executes the subscription for
    /// each subscriber.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// A conversation was added, changed or removed. The user who joins or leaves receives ADDED or REMOVED; the other
/// members receive UPDATED (title or members changed, or a member was erased). For a direct conversation both users
/// receive ADDED before its first message.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct ConversationChanged {
    /// The cursor to resume from after this event.
    cursor: String,
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
    /// The user whose doing it is: who added or removed somebody, left, was erased, set the title, or sent the first
    /// direct message. Null if the change is from before the server recorded it.
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
    /// The title or the members changed.
    Updated,
    /// You are no longer a member.
    Removed,
}

/// A user changed their name or picture, or was erased. You receive it for yourself and for everybody who is in your
/// conversations, including users who have left but whose messages remain. If `user.deletedAt` is set, all messages of
/// that user are tombstones from here on, each one version higher unless it already was a tombstone, without a
/// MessageChanged. For each group that an erased user leaves, there is a ConversationChanged UPDATED.
#[derive(SimpleObject)]
pub(super) struct UserChanged {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The user as they are now.
    user: User,
}

/// The replay is complete; the events that follow are live. It may be sent again, so that the cursor of a client
/// without events advances.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct CaughtUp {
    /// The cursor to resume from.
    pub(super) cursor: String,
}

#[ComplexObject]
impl CaughtUp {
    /// Your unread messages as they are now.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// The missed events cannot be replayed. Fetch your state again; the events that follow are live.
#[derive(SimpleObject)]
pub(super) struct FeedReset {
    /// The cursor to resume from.
    cursor: String,
    /// The reason.
    reason: FeedResetReason,
}

/// Why a replay is impossible. More reasons may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum FeedResetReason {
    /// The cursor is older than the retention of the log (30 days), and there were events since.
    Expired,
    /// More than 10,000 events were missed, not counting read marks.
    TooFar,
    /// The cursor is not of this database: it is malformed, of another database, or from before a restore from a
    /// backup.
    Foreign,
}

impl FeedReset {
    pub(super) fn new(reason: Reset, cursor: String) -> Self {
        let reason = match reason {
            Reset::Expired => FeedResetReason::Expired,
            Reset::TooFar => FeedResetReason::TooFar,
            Reset::Foreign => FeedResetReason::Foreign,
        };
        Self { cursor, reason }
    }
}

/// The event as clients see it, with the current state of what it refers to. `None` if clients receive nothing, as for
/// the log's origin.
pub(super) async fn feed_event(ctx: &Context<'_>, event: &Event) -> Result<Option<FeedEvent>> {
    let cursor = ctx.app()?.feed.cursor_text(event.cursor);
    let changed = |change, cursor| async move {
        let id = event.fact.conversation.ok_or_else(|| incomplete(event))?;
        let conversation = match change {
            ConversationChange::Added | ConversationChange::Updated if !ctx.has_left() => {
                look_up(&ctx.loaders()?.conversations, id).await?
            }
            ConversationChange::Added | ConversationChange::Updated | ConversationChange::Removed => None,
        };
        let conversation = conversation.map(Conversation::new);
        Ok::<_, Failure>(FeedEvent::ConversationChanged(ConversationChanged {
            cursor,
            change,
            conversation_id: id.to_string().into(),
            conversation,
            step: MembershipStep {
                conversation: id,
                at: event.position(),
                by: event.fact.user,
                person: event.recipient(),
            },
        }))
    };
    Ok(Some(match event.fact.kind {
        EventKind::Origin => return Ok(None),
        // The mark is read as it is now, which users who have left may not see.
        EventKind::ReadMarkMoved if ctx.has_left() => return Ok(None),
        EventKind::MessageAdded => {
            FeedEvent::MessageAdded(MessageAdded { cursor, message: message_of(ctx, event).await? })
        }
        EventKind::MessageChanged => {
            FeedEvent::MessageChanged(MessageChanged { cursor, message: message_of(ctx, event).await? })
        }
        EventKind::ReactionsChanged => {
            FeedEvent::ReactionsChanged(ReactionsChanged::new(cursor, message_of(ctx, event).await?, event))
        }
        EventKind::ReadMarkMoved => {
            let (conversation, user) = event.fact.conversation.zip(event.fact.user).ok_or_else(|| incomplete(event))?;
            let member = conversations::member(ctx.app()?, conversation, user).await?.map(Member::from);
            let last_read_seq = member.as_ref().map_or(0, Member::mark);
            let reader = match &member {
                Some(member) => member.person(),
                None => known_user(ctx, user).await?,
            };
            let conversation_id = conversation.to_string().into();
            let moved = ReadMarkMoved { cursor, conversation_id, user: reader, last_read_seq, member, conversation };
            FeedEvent::ReadMarkMoved(moved)
        }
        EventKind::ConversationAdded => changed(ConversationChange::Added, cursor).await?,
        EventKind::ConversationUpdated => changed(ConversationChange::Updated, cursor).await?,
        EventKind::ConversationRemoved => changed(ConversationChange::Removed, cursor).await?,
        EventKind::UserChanged => {
            let user = event.fact.user.ok_or_else(|| incomplete(event))?;
            FeedEvent::UserChanged(UserChanged { cursor, user: known_user(ctx, user).await? })
        }
    }))
}

pub(super) async fn message_of(ctx: &Context<'_>, event: &Event) -> Result<Message> {
    if let Some(row) = &event.fact.row {
        return Ok(Message::new(Arc::clone(row)));
    }
    let id = event.fact.message.ok_or_else(|| incomplete(event))?;
    look_up(&ctx.loaders()?.messages, id).await?.map(Message::new).ok_or_else(|| incomplete(event))
}

fn incomplete(event: &Event) -> Failure {
    let (kind, position) = (event.fact.kind, event.position());
    Failure(Error::Internal(anyhow::anyhow!("{kind:?} at {position} refers to a row that does not exist")))
}
