//! Things that happen, and how the resolvers of subscriptions are asked about them.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, ID};
use futures_util::stream;

use crate::error::Error;
use crate::feed::{Cursor, Event, Follower, Reset};
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::reference::ConversationRef;
use crate::presence::{Online, PresenceChange};
use crate::typing;

/// Something that happened, to be resolved for a subscription.
pub enum Notification {
    /// An event of the feed.
    Event(Arc<Event>),
    /// An event of a conversation that the viewer has left since: they see what it tells, and nothing around it, which
    /// may have changed behind them.
    Past(Arc<Event>),
    /// A replay is over.
    CaughtUp(Cursor),
    /// What was missed can't be told.
    Reset(Reset, Cursor),
    /// The list of who is online.
    Online(Arc<Online>),
    /// Somebody came or went.
    Presence(Arc<PresenceChange>),
    /// Somebody began to type, or stopped.
    Typing(Arc<typing::TypingChange>),
}

impl Notification {
    /// An event, for somebody who follows the feed.
    pub(in crate::graphql) fn of(event: Arc<Event>, follower: &Follower) -> Self {
        if follower.has_left(&event) { Self::Past(event) } else { Self::Event(event) }
    }
}

/// What a subscription is about: its root field with its arguments.
#[derive(Clone)]
pub enum Topic {
    /// New messages.
    MessageAdded { conversation: Option<ConversationRef>, after: Option<String> },
    /// Everything.
    Events { after: Option<String> },
    /// The list of who is online.
    OnlineUsers,
    /// Who comes and goes.
    PresenceChanged { user_ids: Option<Vec<ID>> },
    /// Who types.
    TypingChanged { conversation: Option<ConversationRef> },
}

/// Where the resolver of a subscription leaves its topic when the subscription begins.
#[derive(Default)]
pub(in crate::graphql) struct TopicCollector(OnceLock<Topic>);

impl TopicCollector {
    pub(in crate::graphql) fn topic(&self) -> Option<Topic> {
        self.0.get().cloned()
    }
}

/// The body of every subscription's resolver. It is called in two ways: once when the subscription begins, to check the
/// arguments and leave the topic, and then for each moment, to make the one item of it.
pub(in crate::graphql) async fn notify<T>(
    ctx: &Context<'_>,
    topic: Topic,
    make: impl AsyncFnOnce(&Notification) -> Result<Option<T>>,
) -> Result<stream::Iter<std::option::IntoIter<T>>> {
    let item = if let Ok(collector) = ctx.data::<Arc<TopicCollector>>() {
        // A subscription has one root field, so nothing was there before.
        let _ = collector.0.set(topic);
        None
    } else {
        let notification = ctx.data::<Arc<Notification>>();
        let notification =
            notification.map_err(|_| Failure(Error::input("query", "subscriptions go over a WebSocket")))?;
        make(notification).await?
    };
    Ok(stream::iter(item))
}
