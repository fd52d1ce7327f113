//! The live edge of a subscription: delivers events that are ready without waking the subscription's task.
//!
//! Of many subscriptions most only have to send a frame that was made for all of them. A round of the feed calls
//! [`LiveEdge::serve`], which takes events from the inbox while it can:
//!
//! ```text
//! next event in the inbox
//!   not relevant                 -> drop it, next event
//!   relevant, frame is cached    -> send it, next event
//!   relevant, frame not cached   -> leave it: NeedsFrame(event); the round makes the frame once and serves again
//!   changes the filter, or ends  -> leave it: NeedsFollower; the task takes it
//! sink is full, or its task runs -> NeedsFollower; the task continues
//! every viewer needs their own execution -> NeedsFollower; the task takes everything
//! ```

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::feed::{Edge, Event, Inbox, Served, Take};
use crate::graphql::live::conversation_filter::{ConversationFilter, Relevance};
use crate::graphql::live::frame::FrameSink;
use crate::graphql::live::kind_filter::KindFilter;
use crate::graphql::live::notification::Notification;
use crate::graphql::live::shared_subscription::SharedSubscription;
use crate::graphql::{Api, Json};
use crate::id::UserId;

/// The live edge of one subscription.
pub(in crate::graphql) struct LiveEdge {
    pub(in crate::graphql) api: Api,
    pub(in crate::graphql) shared: Arc<SharedSubscription>,
    /// Whose execution budget pays for frames that are made here.
    pub(in crate::graphql) user: UserId,
    /// The filter of `messageAdded`; `None` delivers everything.
    pub(in crate::graphql) messages_of: Option<ConversationFilter>,
    /// The kinds that `events` delivers; `None` delivers all.
    pub(in crate::graphql) kinds: Option<Arc<KindFilter>>,
    pub(in crate::graphql) sink: Arc<dyn FrameSink>,
    pub(in crate::graphql) request_id: Arc<str>,
}

impl LiveEdge {
    fn take(&self, event: &Arc<Event>) -> Take<Json> {
        if let Some(kinds) = self.kinds.as_deref().filter(|kinds| !kinds.delivers(event.fact.kind)) {
            return if kinds.skip_at_edge() { Take::Skip } else { Take::Stop(Served::NeedsFollower) };
        }
        match self.messages_of.as_ref().map_or(Relevance::Deliver, |filter| filter.relevance(event)) {
            Relevance::Ignore => Take::Skip,
            Relevance::MayCreate | Relevance::End => Take::Stop(Served::NeedsFollower),
            Relevance::Deliver => match self.shared.ready(&event.shared, self.api.program().app.clock.now()) {
                Some(Some(payload)) => {
                    if let Some(kinds) = &self.kinds {
                        kinds.passed();
                    }
                    Take::Deliver(payload)
                }
                Some(None) => Take::Skip,
                None => Take::Stop(Served::NeedsFrame(Arc::clone(event))),
            },
        }
    }
}

impl Edge for LiveEdge {
    fn serve(&self, inbox: &Inbox) -> Served {
        if self.shared.asks_for_viewer() {
            return Served::NeedsFollower;
        }
        let mut end = Served::All;
        let is_done = self.sink.put(&mut || match inbox.take_if(|event| self.take(event)) {
            Ok(payload) => Some(payload),
            Err(why) => {
                end = why;
                None
            }
        });
        if is_done { end } else { Served::NeedsFollower }
    }

    fn make<'a>(&'a self, event: &'a Arc<Event>) -> BoxFuture<'a, bool> {
        let notification = Arc::new(Notification::Event(Arc::clone(event)));
        self.shared.make(&self.api, notification, self.user, &self.request_id).boxed()
    }

    fn kind(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }
}
