//! The feed as clients see it: as a subscription and as pages.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject, Subscription};
use futures_util::Stream;

use crate::consumers::{ConsumerName, WantedStart};
use crate::error::Error;
use crate::feed::{Cursor, Event};
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::{EventPick, Notification, Topic, notify};
use crate::graphql::schema::feed_events::{CaughtUp, FeedEvent, FeedReset, feed_event, message_of};
use crate::graphql::schema::feed_kinds::FeedEventKind;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging;
use crate::graphql::schema::reference::ConversationRef;
use crate::limits;

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
    /// events. It begins after `after`, or where the consumer is: `ackEvents` moves it on. Codes: BAD_USER_INPUT, also
    /// without both.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you handled, or a feedCursor.")] after: Option<String>,
        #[graphql(desc = "The name of a consumer: see the subscription of this name.")] consumer: Option<String>,
        #[graphql(desc = "Only these kinds of events, and FeedReset.")] kinds: Option<Vec<FeedEventKind>>,
        #[graphql(default = 100, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
    ) -> Result<FeedPage> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(limits::PAGE_SIZE);
        let kinds = FeedEventKind::set(kinds.as_deref())?;
        let feed = &ctx.app()?.feed;
        let start = match (consumer, &after) {
            (Some(name), _) => {
                let name = ConsumerName::parse("consumer", &name)?;
                ctx.program()?.consumers.start(viewer, &name, WantedStart::new(feed, [after.as_deref()])).await?
            }
            (None, Some(after)) => feed.start_after(Some(after)),
            (None, None) => return Err(Failure(Error::input("after", "name a cursor or a consumer"))),
        };
        let page = feed.page(viewer.user(), start, first.into(), kinds).await?;
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
            Notification::Event(event) | Notification::Past(event) => message_of(ctx, event).await,
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
    ///
    /// With `consumer`, it begins at a position that the server keeps: what was acknowledged under that name with
    /// `ackEvents`. It begins after the later of the acknowledged position, `after` and `resumeFrom`, and once something
    /// was acknowledged it ignores an `after` or `resumeFrom` that is invalid here. The position of a new consumer is
    /// where its first subscription began. Between acknowledgements events may come again: drop those whose cursor you
    /// have handled, as an event's cursor is the same each time. There is one subscription for a name at a time: a later
    /// one takes over, and the earlier one ends with CONSUMER_TAKEN. After the server was restored from a backup, it
    /// begins with FeedReset, until a cursor from then on is acknowledged.
    ///
    /// With `kinds`, only events of these kinds are sent, and always CaughtUp and FeedReset: a strict client never
    /// receives a kind that it does not know. CaughtUp is sent again after 1,000 events of other kinds, or a minute after
    /// the first of them, so that the cursor advances.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you handled, or a feedCursor.")] after: Option<String>,
        #[graphql(desc = "The name of a consumer, whose position the server keeps.")] consumer: Option<String>,
        #[graphql(desc = "Only these kinds of events. An empty list gives BAD_USER_INPUT.")] kinds: Option<
            Vec<FeedEventKind>,
        >,
    ) -> Result<impl Stream<Item = FeedEvent>> {
        let consumer = consumer.map(|name| ConsumerName::parse("consumer", &name)).transpose()?;
        let pick = EventPick { after, consumer, kinds: FeedEventKind::set(kinds.as_deref())? };
        notify(ctx, Topic::Events(pick), async |notification| match notification {
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
