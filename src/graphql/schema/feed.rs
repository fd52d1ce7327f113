//! The feed as clients see it: events, as a subscription and as a page.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Interface, Object, SimpleObject, Subscription};
use futures_util::Stream;

use crate::conversations;
use crate::error::Error;
use crate::feed::{Cursor, Event, Kind, Reset};
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::loaders::load;
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging;
use crate::graphql::schema::reference::ConversationRef;
use crate::limits;

/// Something that happened, at its place in the feed. More kinds may be added: clients must tolerate those that they
/// do not know, and still take their cursor.
#[derive(Interface)]
#[graphql(field(name = "cursor", ty = "&String", desc = "What to resume from after this event."))]
pub enum FeedEvent {
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
pub struct MessageAdded {
    /// What to resume from after this event.
    cursor: String,
    /// The message; in a replay as it is now.
    message: Message,
}

/// An edit or a deletion: compare `version`.
#[derive(SimpleObject)]
pub struct MessageChanged {
    /// What to resume from after this event.
    cursor: String,
    /// The message; in a replay as it is now.
    message: Message,
}

/// Somebody has read on. You hear of your own mark always (for your other devices), of other members' in
/// conversations of up to 100. At most one a second a person and conversation; a replay has the newest only. Sending
/// moves the sender's mark without an event of its own: the message tells.
#[derive(SimpleObject)]
pub struct ReadMarkMoved {
    /// What to resume from after this event.
    cursor: String,
    /// Where it was read.
    conversation_id: ID,
    /// Who has read.
    user: User,
    /// Up to which seq.
    last_read_seq: i32,
}

/// A conversation came, changed or went: ADDED and REMOVED to the person who joins or leaves, UPDATED (title, members)
/// to the others, also where a member was erased. A direct conversation is ADDED to both before its first message.
#[derive(SimpleObject)]
pub struct ConversationChanged {
    /// What to resume from after this event.
    cursor: String,
    /// What became of it.
    change: ConversationChange,
    /// Which one.
    conversation_id: ID,
    /// The conversation as it is now. Null when you are no longer in it.
    conversation: Option<Conversation>,
}

/// What became of a conversation. More may be added: clients must tolerate values that they do not know.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationChange {
    /// You are in it from here on.
    Added,
    /// Its title or its members changed.
    Updated,
    /// You are no longer in it.
    Removed,
}

/// A new name or picture, or an erasure, of somebody whom you see in your conversations, or of yourself: also of one who
/// has left, where their messages stand. With `user.deletedAt` all that person's messages are tombstones from here on,
/// each one version higher unless it was one before: no MessageChanged tells of them. The groups that they leave are
/// told by ConversationChanged UPDATED.
#[derive(SimpleObject)]
pub struct UserChanged {
    /// What to resume from after this event.
    cursor: String,
    /// The person as they are now.
    user: User,
}

/// The replay is over; what follows is live. It may come again, so that a quiet client's cursor moves on.
#[derive(SimpleObject)]
pub struct CaughtUp {
    /// What to resume from.
    cursor: String,
}

/// What was missed cannot be replayed. Fetch your state anew; what follows is live.
#[derive(SimpleObject)]
pub struct FeedReset {
    /// What to resume from.
    cursor: String,
    /// Why.
    reason: FeedResetReason,
}

/// Why a replay is impossible. More reasons may be added: clients must tolerate values that they do not know.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum FeedResetReason {
    /// The cursor is older than the log is kept (30 days), and something was missed.
    Expired,
    /// More than 10,000 events were missed, read marks not counted.
    TooFar,
    /// Not a cursor of this database as it is: of another one, or from before it was restored from a backup.
    Foreign,
}

/// The feed as a page.
#[derive(SimpleObject)]
pub struct FeedPage {
    /// Oldest first. One FeedReset where nothing can be replayed.
    events: Vec<FeedEvent>,
    /// What to ask `after` next.
    cursor: String,
    /// Whether there is more already.
    has_more: bool,
}

impl FeedReset {
    /// Tells that what was missed can't be told.
    fn new(reason: Reset, cursor: String) -> Self {
        let reason = match reason {
            Reset::Expired => FeedResetReason::Expired,
            Reset::TooFar => FeedResetReason::TooFar,
            Reset::Foreign => FeedResetReason::Foreign,
        };
        Self { cursor, reason }
    }
}

/// What an event tells, as it is now. `None` where there is nothing to tell, as of the log's origin.
async fn tell(ctx: &Context<'_>, event: &Event) -> Result<Option<FeedEvent>> {
    let cursor = ctx.app()?.feed.cursor_text(event.cursor);
    let changed = |change, cursor| async move {
        let id = event.fact.conversation.ok_or_else(|| incomplete(event))?;
        let conversation = match change {
            ConversationChange::Added | ConversationChange::Updated if !ctx.has_left() => {
                load(&ctx.loaders()?.conversations, id).await?
            }
            ConversationChange::Added | ConversationChange::Updated | ConversationChange::Removed => None,
        };
        let conversation = conversation.map(Conversation);
        Ok::<_, Failure>(FeedEvent::ConversationChanged(ConversationChanged {
            cursor,
            change,
            conversation_id: id.to_string().into(),
            conversation,
        }))
    };
    Ok(Some(match event.fact.kind {
        Kind::Origin => return Ok(None),
        // The mark is read as it is now, and has moved on behind those who have left.
        Kind::ReadMarkMoved if ctx.has_left() => return Ok(None),
        Kind::MessageAdded => FeedEvent::MessageAdded(MessageAdded { cursor, message: message_of(ctx, event).await? }),
        Kind::MessageChanged => {
            FeedEvent::MessageChanged(MessageChanged { cursor, message: message_of(ctx, event).await? })
        }
        Kind::ReadMarkMoved => {
            let (conversation, user) = event.fact.conversation.zip(event.fact.user).ok_or_else(|| incomplete(event))?;
            let last_read_seq = conversations::read_mark(ctx.app()?, conversation, user).await?;
            FeedEvent::ReadMarkMoved(ReadMarkMoved {
                cursor,
                conversation_id: conversation.to_string().into(),
                user: known_user(ctx, user).await?,
                last_read_seq,
            })
        }
        Kind::ConversationAdded => changed(ConversationChange::Added, cursor).await?,
        Kind::ConversationUpdated => changed(ConversationChange::Updated, cursor).await?,
        Kind::ConversationRemoved => changed(ConversationChange::Removed, cursor).await?,
        Kind::UserChanged => {
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
    load(&ctx.loaders()?.messages, id).await?.map(Message::new).ok_or_else(|| incomplete(event))
}

fn incomplete(event: &Event) -> Failure {
    let (kind, position) = (event.fact.kind, event.position());
    Failure(Error::Internal(anyhow::anyhow!("{kind:?} at {position} refers to something that is not there")))
}

/// Queries of the feed.
#[derive(Default)]
pub struct FeedQuery;

#[Object]
impl FeedQuery {
    /// The position of the feed now, taken before any other field of the same request is resolved: between
    /// `{ feedCursor conversations { … } }` and `events(after: feedCursor)` there is no hole.
    async fn feed_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.viewer()?;
        let taken = ctx.data::<FeedCursorNow>().map_err(|_| Failure(Error::Unauthenticated))?;
        Ok(ctx.app()?.feed.cursor_text(taken.0))
    }

    /// The feed as a page, for clients without a socket: woken by a push, bots. Pages have 1 to 100 events.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was handled, or a feedCursor.")] after: String,
        #[graphql(default = 100, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
    ) -> Result<FeedPage> {
        let viewer = ctx.viewer()?.user();
        let first = paging::size("first", first)?.unwrap_or(limits::PAGE_SIZE);
        let feed = &ctx.app()?.feed;
        let page = feed.page(viewer, feed.start_after(Some(&after)), first.into()).await?;
        let cursor = feed.cursor_text(page.cursor);
        let tell = |event: Arc<Event>| async move { tell(ctx, &event).await };
        // Together, so that their look-ups are batched.
        let told = futures_util::future::try_join_all(page.events.into_iter().map(tell)).await?;
        let reset = page.reset.map(|reason| FeedEvent::FeedReset(FeedReset::new(reason, cursor.clone())));
        let events = reset.into_iter().chain(told.into_iter().flatten()).collect();
        Ok(FeedPage { events, cursor, has_more: page.has_more })
    }
}

/// The feed's position when a request began.
pub(in crate::graphql) struct FeedCursorNow(pub(in crate::graphql) Cursor);

/// Subscriptions to the feed.
#[derive(Default)]
pub struct FeedSubscription;

#[Subscription]
impl FeedSubscription {
    /// New messages in all your conversations, or in one; in seq order per conversation. With `after` (a feedCursor)
    /// it first replays what was missed, then goes on live without a gap. A cursor that cannot be resumed from ends it
    /// with CURSOR_EXPIRED: `events` recovers by itself. On a conversation that you may not see: NOT_FOUND. It
    /// completes when you leave the conversation or are removed.
    async fn message_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation to hear of; all of them when left out.")] conversation: Option<
            ConversationRef,
        >,
        #[graphql(desc = "The feedCursor of the last message that was handled.")] after: Option<String>,
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

    /// Everything that happens in your conversations, in one order, resumable: what a client keeps its state true
    /// with. When the replay is over (at once when there is none) it says CaughtUp; where it cannot replay it says
    /// FeedReset (no CaughtUp then), and goes on live: fetch your state anew. Replayed events carry their message as it
    /// is now: compare `version`. A replay leaves out conversations that you are no longer in, but for their REMOVED.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was handled, or a feedCursor.")] after: Option<String>,
    ) -> Result<impl Stream<Item = FeedEvent>> {
        notify(ctx, Topic::Events { after }, async |notification| match notification {
            Notification::Event(event) | Notification::Past(event) => tell(ctx, event).await,
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
