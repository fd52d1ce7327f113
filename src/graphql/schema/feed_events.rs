//! The events of the feed as clients see them.

use std::sync::Arc;

use async_graphql::connection::EmptyFields;
use async_graphql::{ComplexObject, Context, Enum, ID, Interface, SimpleObject};

use crate::conversations;
use crate::error::Error;
use crate::feed::{Event, EventKind, Reset};
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::blocks::BlockChanged;
use crate::graphql::schema::conversation_changed::{ConversationChange, ConversationChanged};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::members::Member;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::own_side::MembershipChanged;
use crate::graphql::schema::paging::{PageCursor, RelayEdge, UnsealedCursor};
use crate::graphql::schema::pins::PinsChanged;
use crate::graphql::schema::reaction_changes::ReactionsChanged;
use crate::graphql::schema::unread::UnreadSummary;
use crate::graphql::schema::users::{User, known_user};
use crate::id::ConversationId;

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
    PinsChanged(PinsChanged),
    MembershipChanged(MembershipChanged),
    BlockChanged(BlockChanged),
    HistoryTrimmed(HistoryTrimmed),
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
/// contains only the newest. Sending a message moves the sender's mark without a ReadMarkMoved;
/// a system message moves none.
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
        Ok(look_up(ctx.loaders()?.conversations(), self.conversation).await?.map(Conversation::new))
    }

    /// Your unread messages as they are now. It depends on who asks: with it, the server executes the subscription for
    /// each subscriber.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// A user changed their name or picture, or was erased. You receive it for yourself and for everybody who is in your
/// conversations, including users who have left but whose messages remain. If `user.deletedAt` is set, all messages of
/// that user are tombstones from here on, each one version higher unless it already was a tombstone, without a
/// MessageChanged; lines of what they did (`system`) stay, without the titles that they gave. For each group that an erased
/// user leaves, there is a ConversationChanged UPDATED, and a MessageAdded of a line MEMBER_LEFT.
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
    /// More than 10,000 events were missed, not counting read marks and trimmed histories.
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
    let changed = |change| async move {
        let id = event.fact.conversation.ok_or_else(|| incomplete(event))?;
        ConversationChanged::of(ctx, event, id, change).await.map(FeedEvent::ConversationChanged)
    };
    Ok(Some(match event.fact.kind {
        EventKind::Origin => return Ok(None),
        // The mark is read as it is now, which users who have left may not see.
        EventKind::ReadMarkMoved if ctx.has_left() => return Ok(None),
        EventKind::MessageAdded | EventKind::MessageChanged | EventKind::ReactionsChanged | EventKind::PinsChanged => {
            let Some(message) = message_of(ctx, event).await? else { return Ok(None) };
            of_message(event, cursor, message)
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
        EventKind::ConversationAdded => changed(ConversationChange::Added).await?,
        EventKind::ConversationUpdated => changed(ConversationChange::Updated).await?,
        EventKind::ConversationRemoved => changed(ConversationChange::Removed).await?,
        EventKind::UserChanged => {
            let user = event.fact.user.ok_or_else(|| incomplete(event))?;
            FeedEvent::UserChanged(UserChanged { cursor, user: known_user(ctx, user).await? })
        }
        EventKind::BlockChanged => {
            let user = event.fact.user.ok_or_else(|| incomplete(event))?;
            FeedEvent::BlockChanged(BlockChanged::of(event, cursor, known_user(ctx, user).await?))
        }
        EventKind::HistoryTrimmed => {
            let id = event.fact.conversation.ok_or_else(|| incomplete(event))?;
            FeedEvent::HistoryTrimmed(HistoryTrimmed::new(cursor, id, event))
        }
        EventKind::MembershipChanged => {
            let id = event.fact.conversation.ok_or_else(|| incomplete(event))?;
            match look_up(ctx.loaders()?.conversations(), id).await? {
                Some(row) if !ctx.has_left() => {
                    FeedEvent::MembershipChanged(MembershipChanged::new(cursor, Conversation::new(row)))
                }
                Some(_) | None => return Ok(None),
            }
        }
    }))
}

/// An event of a message.
fn of_message(event: &Event, cursor: String, message: Message) -> FeedEvent {
    match event.fact.kind {
        EventKind::MessageChanged => FeedEvent::MessageChanged(MessageChanged { cursor, message }),
        EventKind::ReactionsChanged => FeedEvent::ReactionsChanged(ReactionsChanged::new(cursor, message, event)),
        EventKind::PinsChanged => FeedEvent::PinsChanged(PinsChanged::new(cursor, message, event)),
        _ => FeedEvent::MessageAdded(MessageAdded { cursor, message }),
    }
}

/// The message of an event, as it is now; `None` if it was deleted by its age.
pub(super) async fn message_of(ctx: &Context<'_>, event: &Event) -> Result<Option<Message>> {
    if let Some(row) = &event.fact.row {
        return Ok(Some(Message::new(Arc::clone(row))));
    }
    let id = event.fact.message.ok_or_else(|| incomplete(event))?;
    Ok(look_up(ctx.loaders()?.messages(), id).await?.map(Message::new))
}

fn incomplete(event: &Event) -> Failure {
    let (kind, position) = (event.fact.kind, event.position());
    Failure(Error::Internal(anyhow::anyhow!("{kind:?} at {position} refers to a row that does not exist")))
}

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
