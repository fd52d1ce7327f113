//! The feed as clients see it: its events, as a subscription and as pages.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Interface, Object, SimpleObject, Subscription};
use futures_util::Stream;

use crate::conversations;
use crate::error::Error;
use crate::feed::{Cursor, Event, EventKind, Reset};
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging;
use crate::graphql::schema::reference::ConversationRef;
use crate::limits;

/// An event of the feed. More types may be added: clients must tolerate unknown ones and still store their cursor.
#[derive(Interface)]
#[graphql(field(name = "cursor", ty = "&String", desc = "The cursor to resume from after this event."))]
pub(super) enum FeedEvent {
    MessageAdded(MessageAdded),
    MessageChanged(MessageChanged),
    ReadMarkMoved(ReadMarkMoved),
    ConversationChanged(ConversationChanged),
    UserChanged(UserChanged),
    CaughtUp(CaughtUp),
    FeedReset(FeedReset),
}

/// A new message.
#[derive(SimpleObject)]
pub(super) struct MessageAdded {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The message. In a replay it is the current version.
    message: Message,
}

/// A message was edited or deleted: compare `version`.
#[derive(SimpleObject)]
pub(super) struct MessageChanged {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The message. In a replay it is the current version.
    message: Message,
}

/// A read mark moved. You always receive your own marks (for your other devices), and other members' marks in
/// conversations of up to 100 members. There is at most one event per second for each user and conversation; a replay
/// contains only the newest. Sending a message moves the sender's mark without a ReadMarkMoved.
#[derive(SimpleObject)]
pub(super) struct ReadMarkMoved {
    /// The cursor to resume from after this event.
    cursor: String,
    /// The conversation that was read.
    conversation_id: ID,
    /// The user who has read.
    user: User,
    /// The `seq` up to which they have read.
    last_read_seq: i32,
}

/// A conversation was added, changed or removed. The user who joins or leaves receives ADDED or REMOVED; the other
/// members receive UPDATED (title or members changed, or a member was erased). For a direct conversation both users
/// receive ADDED before its first message.
#[derive(SimpleObject)]
pub(super) struct ConversationChanged {
    /// The cursor to resume from after this event.
    cursor: String,
    /// What changed.
    change: ConversationChange,
    /// The id of the conversation.
    conversation_id: ID,
    /// The conversation as it is now. Null if you are no longer a member.
    conversation: Option<Conversation>,
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
pub(super) struct CaughtUp {
    /// The cursor to resume from.
    cursor: String,
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

/// A page of the feed.
#[derive(SimpleObject)]
pub(super) struct FeedPage {
    /// The events, oldest first. A single FeedReset if nothing can be replayed.
    events: Vec<FeedEvent>,
    /// The cursor to pass as `after` for the next page.
    cursor: String,
    /// Whether there are more events now.
    has_more: bool,
}

impl FeedReset {
    fn new(reason: Reset, cursor: String) -> Self {
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
async fn feed_event(ctx: &Context<'_>, event: &Event) -> Result<Option<FeedEvent>> {
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
        EventKind::ReadMarkMoved => {
            let (conversation, user) = event.fact.conversation.zip(event.fact.user).ok_or_else(|| incomplete(event))?;
            let last_read_seq = conversations::read_mark(ctx.app()?, conversation, user).await?;
            FeedEvent::ReadMarkMoved(ReadMarkMoved {
                cursor,
                conversation_id: conversation.to_string().into(),
                user: known_user(ctx, user).await?,
                last_read_seq,
            })
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

async fn message_of(ctx: &Context<'_>, event: &Event) -> Result<Message> {
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

/// Queries of the feed.
#[derive(Default)]
pub(super) struct FeedQuery;

#[Object]
impl FeedQuery {
    /// The current cursor of the feed. It is taken before any other field of the same request is resolved, so nothing
    /// is missed between `{ feedCursor conversations { … } }` and `events(after: feedCursor)`.
    async fn feed_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.viewer()?;
        let taken = ctx.data::<FeedCursorNow>().map_err(|_| Failure(Error::Unauthenticated))?;
        Ok(ctx.app()?.feed.cursor_text(taken.0))
    }

    /// A page of the feed, for clients without a socket, such as bots or apps woken by a push. Pages have 1 to 100
    /// events.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you handled, or a feedCursor.")] after: String,
        #[graphql(default = 100, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
    ) -> Result<FeedPage> {
        let viewer = ctx.viewer()?.user();
        let first = paging::size("first", first)?.unwrap_or(limits::PAGE_SIZE);
        let feed = &ctx.app()?.feed;
        let page = feed.page(viewer, feed.start_after(Some(&after)), first.into()).await?;
        let cursor = feed.cursor_text(page.cursor);
        let resolve = |event: Arc<Event>| async move { feed_event(ctx, &event).await };
        // Concurrently, so that their look-ups are batched.
        let events = futures_util::future::try_join_all(page.events.into_iter().map(resolve)).await?;
        let reset = page.reset.map(|reason| FeedEvent::FeedReset(FeedReset::new(reason, cursor.clone())));
        let events = reset.into_iter().chain(events.into_iter().flatten()).collect();
        Ok(FeedPage { events, cursor, has_more: page.has_more })
    }
}

/// The feed's cursor at the start of a request.
pub(in crate::graphql) struct FeedCursorNow(pub(in crate::graphql) Cursor);

/// Subscriptions to the feed.
#[derive(Default)]
pub(super) struct FeedSubscription;

#[Subscription]
impl FeedSubscription {
    /// New messages in all your conversations or in one, ordered by `seq` within a conversation. With `after` (a
    /// feedCursor) it first replays the messages since then, and continues live without a gap. If the cursor cannot be
    /// resumed from, it ends with CURSOR_EXPIRED; `events` sends FeedReset instead and continues. A conversation that
    /// you may not see gives NOT_FOUND. The subscription completes when you leave the conversation or are removed.
    async fn message_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation; all your conversations if left out.")] conversation: Option<
            ConversationRef,
        >,
        #[graphql(desc = "The feedCursor of the last message that you handled.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Message>> {
        notify(ctx, Topic::MessageAdded { conversation, after }, async |notification| match notification {
            Notification::Event(event) | Notification::Past(event) => Ok(Some(message_of(ctx, event).await?)),
            Notification::CaughtUp(_)
            | Notification::Reset(..)
            | Notification::Online(_)
            | Notification::Presence(_)
            | Notification::Typing(_) => Ok(None),
        })
        .await
    }

    /// Everything that happens in your conversations, in one order and resumable, so that a client can keep its state
    /// up to date. When the replay is complete (immediately if there is none), CaughtUp is sent. If a replay is
    /// impossible, FeedReset is sent instead and the subscription continues live: fetch your state again. Replayed
    /// events contain the current version of their message: compare `version`. A replay omits conversations that you
    /// have left, except their REMOVED.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you handled, or a feedCursor.")] after: Option<String>,
    ) -> Result<impl Stream<Item = FeedEvent>> {
        notify(ctx, Topic::Events { after }, async |notification| match notification {
            Notification::Event(event) | Notification::Past(event) => feed_event(ctx, event).await,
            Notification::CaughtUp(cursor) => {
                let cursor = ctx.app()?.feed.cursor_text(*cursor);
                Ok(Some(FeedEvent::CaughtUp(CaughtUp { cursor })))
            }
            Notification::Reset(reason, cursor) => {
                let cursor = ctx.app()?.feed.cursor_text(*cursor);
                Ok(Some(FeedEvent::FeedReset(FeedReset::new(*reason, cursor))))
            }
            Notification::Online(_) | Notification::Presence(_) | Notification::Typing(_) => Ok(None),
        })
        .await
    }
}
