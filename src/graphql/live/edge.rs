//! A subscription at the live edge of the feed, where it is told of events without its task: most of the many have only
//! to pass on what was made for all of them.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::feed::{Edge, Event, Inbox, Served, Take};
use crate::graphql::live::conversation_filter::{ConversationFilter, Relevance};
use crate::graphql::live::frame::FrameSink;
use crate::graphql::live::notification::Notification;
use crate::graphql::live::shared_subscription::SharedSubscription;
use crate::graphql::{Api, Json};
use crate::id::UserId;

/// The edge of one subscription.
pub(in crate::graphql) struct LiveEdge {
    pub(in crate::graphql) api: Api,
    pub(in crate::graphql) shared: Arc<SharedSubscription>,
    /// Who pays for what is made here.
    pub(in crate::graphql) user: UserId,
    /// Of where it tells messages; `None` tells everything.
    pub(in crate::graphql) messages_of: Option<ConversationFilter>,
    pub(in crate::graphql) sink: Arc<dyn FrameSink>,
    pub(in crate::graphql) request_id: Arc<str>,
}

impl LiveEdge {
    fn look_at(&self, event: &Arc<Event>) -> Take<Json> {
        match self.messages_of.as_ref().map_or(Relevance::Deliver, |place| place.concern(event)) {
            Relevance::Ignore => Take::Passed,
            Relevance::MayCreate | Relevance::End => Take::Left(Served::NotHere),
            Relevance::Deliver => match self.shared.ready(&event.shared, self.api.program().app.clock.now()) {
                Some(Some(payload)) => Take::Told(payload),
                Some(None) => Take::Passed,
                None => Take::Left(Served::Lacks(Arc::clone(event))),
            },
        }
    }
}

impl Edge for LiveEdge {
    fn serve(&self, inbox: &Inbox) -> Served {
        if self.shared.asks_for_viewer() {
            return Served::NotHere;
        }
        let mut end = Served::All;
        let is_done = self.sink.put(&mut || match inbox.take_if(|event| self.look_at(event)) {
            Ok(payload) => Some(payload),
            Err(why) => {
                end = why;
                None
            }
        });
        if is_done { end } else { Served::NotHere }
    }

    fn make<'a>(&'a self, event: &'a Arc<Event>) -> BoxFuture<'a, bool> {
        let notification = Arc::new(Notification::Event(Arc::clone(event)));
        self.shared.make(&self.api, notification, self.user, &self.request_id).boxed()
    }

    fn kind(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }
}
