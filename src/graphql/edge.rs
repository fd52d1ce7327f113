//! A subscription at the live edge of the feed, where it is told of events without its task: most of the many have only
//! to pass on what was made for all of them.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::feed::{Edge, Event, Inbox, Served, Take};
use crate::graphql::moment::Moment;
use crate::graphql::place::{Concern, Place};
use crate::graphql::shared::Shared;
use crate::graphql::{Api, Json};
use crate::id::UserId;

/// Where the results of an operation can be put at once, without its task.
pub trait Outlet: Send + Sync {
    /// Puts there what `next` gives, for as long as it gives something and there is room. `false` where the operation's
    /// task is at work or has to go on itself.
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool;
}

/// The edge of one subscription.
pub(super) struct LiveEdge {
    pub(super) api: Api,
    pub(super) shared: Arc<Shared>,
    /// Who pays for what is made here.
    pub(super) user: UserId,
    /// Of where it tells messages; `None` tells everything.
    pub(super) messages_of: Option<Place>,
    pub(super) outlet: Arc<dyn Outlet>,
    pub(super) request_id: Arc<str>,
}

impl LiveEdge {
    fn look_at(&self, event: &Arc<Event>) -> Take<Json> {
        match self.messages_of.as_ref().map_or(Concern::Told, |place| place.concern(event)) {
            Concern::Nothing => Take::Passed,
            Concern::Begins | Concern::Ends => Take::Left(Served::NotHere),
            Concern::Told => match self.shared.ready(&event.shared, self.api.program().app.clock.now()) {
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
        let is_done = self.outlet.put(&mut || match inbox.take_if(|event| self.look_at(event)) {
            Ok(payload) => Some(payload),
            Err(why) => {
                end = why;
                None
            }
        });
        if is_done { end } else { Served::NotHere }
    }

    fn make<'a>(&'a self, event: &'a Arc<Event>) -> BoxFuture<'a, bool> {
        let moment = Arc::new(Moment::Event(Arc::clone(event)));
        self.shared.make(&self.api, moment, self.user, &self.request_id).boxed()
    }

    fn kind(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }
}
