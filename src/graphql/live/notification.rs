//! What subscriptions deliver, and how their resolvers are called for it.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, ID};
use futures_util::stream;

use crate::consumers::ConsumerName;
use crate::error::Error;
use crate::feed::{Cursor, Event, Follower, KindSet, Reset};
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::reference::ConversationRef;
use crate::presence::{Online, PresenceChange};
use crate::typing;

/// Something that a subscription delivers, once its resolver has made a result of it.
pub(crate) enum Notification {
    /// An event of the feed.
    Event(Arc<Event>),
    /// An event of a conversation that the viewer has left since. They see the event itself but not the current state
    /// of the conversation.
    Past(Arc<Event>),
    /// A replay is complete.
    CaughtUp(Cursor),
    /// The missed events cannot be replayed.
    Reset(Reset, Cursor),
    /// The list of who is online.
    Online(Arc<Online>),
    /// A user came online or went offline.
    Presence(Arc<PresenceChange>),
    /// A user began to type or stopped.
    Typing(Arc<typing::TypingChange>),
}

impl Notification {
    /// The cursor to resume from after it; `None` if it is not of the feed.
    pub(in crate::graphql) fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Event(event) | Self::Past(event) => Some(event.cursor),
            Self::CaughtUp(cursor) | Self::Reset(_, cursor) => Some(*cursor),
            Self::Online(_) | Self::Presence(_) | Self::Typing(_) => None,
        }
    }

    /// The notification of an event for this follower.
    pub(in crate::graphql) fn of(event: Arc<Event>, follower: &Follower) -> Self {
        if follower.has_left(&event) { Self::Past(event) } else { Self::Event(event) }
    }
}

/// What a subscription is subscribed to: its root field with its parsed arguments.
#[derive(Clone)]
pub(crate) enum Topic {
    /// New messages.
    MessageAdded { conversation: Option<ConversationRef>, after: Option<String> },
    /// Events of the feed.
    Events(EventPick),
    /// The list of who is online.
    OnlineUsers,
    /// Changes of presence.
    PresenceChanged { user_ids: Option<Vec<ID>> },
    /// Changes of typing.
    TypingChanged { conversation: Option<ConversationRef> },
}

/// Which events of the feed a subscription delivers, and from where on.
#[derive(Clone)]
pub(crate) struct EventPick {
    /// The cursor to begin after.
    pub(in crate::graphql) after: Option<String>,
    /// Whose position to begin at.
    pub(in crate::graphql) consumer: Option<ConsumerName>,
    /// The kinds to deliver.
    pub(in crate::graphql) kinds: KindSet,
}

/// Collects the topic when a subscription begins: the execution that validates the document parses its arguments too,
/// so that nothing else has to coerce values and report errors as async-graphql does.
#[derive(Default)]
pub(in crate::graphql) struct TopicCollector(OnceLock<Topic>);

impl TopicCollector {
    pub(in crate::graphql) fn topic(&self) -> Option<Topic> {
        self.0.get().cloned()
    }
}

/// The body of every subscription's resolver. It is called in two ways: with a [`TopicCollector`] when the subscription
/// begins, to validate the arguments and collect the topic, and then with each [`Notification`], to make one item of
/// it.
pub(in crate::graphql) async fn notify<T>(
    ctx: &Context<'_>,
    topic: Topic,
    make: impl AsyncFnOnce(&Notification) -> Result<Option<T>>,
) -> Result<stream::Iter<std::option::IntoIter<T>>> {
    let item = if let Ok(collector) = ctx.data::<Arc<TopicCollector>>() {
        // It was empty: a subscription has one root field.
        let _ = collector.0.set(topic);
        None
    } else {
        let notification = ctx.data::<Arc<Notification>>();
        let notification = notification.map_err(|_| {
            Failure(Error::input("query", "send subscriptions over a WebSocket, or with Accept: text/event-stream"))
        })?;
        make(notification).await?
    };
    Ok(stream::iter(item))
}
