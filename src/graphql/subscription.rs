//! A subscription from its beginning to its end: what it follows, and what it tells of it.

use std::sync::Arc;

use async_graphql::ID;
use tokio::sync::broadcast;

use crate::accounts::Viewer;
use crate::detached::detached;
use crate::error::Error;
use crate::feed::{Cursor, Follower, Reset, Start, Step};
use crate::graphql::edge::{LiveEdge, Outlet};
use crate::graphql::error::{Failure, Result};
use crate::graphql::frame::{Frame, Frames};
use crate::graphql::moment::Moment;
use crate::graphql::place::{Concern, Place};
use crate::graphql::reference::ConversationRef;
use crate::graphql::shared::{Fault, Shared};
use crate::graphql::{Api, Json};
use crate::id::UserId;
use crate::limits;

/// A subscription that has begun.
pub(super) struct Subscription<'a> {
    pub(super) api: &'a Api,
    pub(super) shared: Arc<Shared>,
    pub(super) viewer: Viewer,
    pub(super) request_id: Arc<str>,
    /// What its task tells goes here …
    pub(super) frames: &'a mut Frames,
    /// … and what can be told without it, there.
    pub(super) outlet: Arc<dyn Outlet>,
}

/// Why a subscription ended other than by completing.
pub(super) enum End {
    /// For a reason that passes: the client resumes.
    TryAgain,
    /// For a reason that it can do something about.
    Failed(Error),
    /// With errors of the document's own, as JSON.
    Refused(Json),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Subscription<'_> {
    pub(super) async fn events(&mut self, from: Start) -> Result<(), End> {
        let mut follower = self.follow(from, None);
        loop {
            let moment = match follower.next().await? {
                Step::Event(event) => Moment::of(event, &follower),
                Step::CaughtUp(cursor) => Moment::CaughtUp(cursor),
                Step::Reset(reset, cursor) => Moment::Reset(reset, cursor),
            };
            if let Some(passed) = self.deliver(moment).await? {
                // It can't be told, and the client has to know that it misses it.
                self.deliver(Moment::Reset(Reset::Expired, passed)).await?;
            }
        }
    }

    pub(super) async fn messages(&mut self, conversation: Option<ConversationRef>, from: Start) -> Result<(), End> {
        let place = Box::pin(Place::find(self.api, &self.viewer, conversation)).await;
        let mut place = place.map_err(|Failure(error)| End::Failed(error))?;
        let mut follower = self.follow(from, Some(&place));
        let mut is_live = false;
        loop {
            let event = match follower.next().await? {
                Step::Event(event) => event,
                Step::CaughtUp(at) => {
                    Box::pin(place.may_have_begun(self.api, &self.viewer)).await?;
                    // Who was removed before the feed was followed is not told by it.
                    if Box::pin(place.is_left(self.api, &self.viewer, at)).await? {
                        return Ok(());
                    }
                    is_live = true;
                    continue;
                }
                Step::Reset(..) => return Err(End::Failed(Error::CursorExpired)),
            };
            match place.concern(&event) {
                Concern::Told => {
                    if self.deliver(Moment::of(event, &follower)).await?.is_some() {
                        return Err(End::Failed(Error::CursorExpired));
                    }
                }
                Concern::Begins => Box::pin(place.may_begin(self.api, &event)).await?,
                Concern::Ends if is_live => return Ok(()),
                // In a replay the viewer may be in it again: whether they are is seen at its end.
                Concern::Ends | Concern::Nothing => {}
            }
        }
    }

    /// Follows the feed; of messages in a place, or of everything.
    fn follow(&self, from: Start, messages_of: Option<&Place>) -> Follower {
        // One whose place changes hears of it by its task.
        let edge = (!matches!(messages_of, Some(Place::Between(_)))).then(|| {
            Arc::new(LiveEdge {
                api: self.api.clone(),
                shared: Arc::clone(&self.shared),
                user: self.viewer.user(),
                messages_of: messages_of.cloned(),
                outlet: Arc::clone(&self.outlet),
                request_id: Arc::clone(&self.request_id),
            }) as _
        });
        self.api.0.program.app.feed.follow(self.viewer.user(), from, edge)
    }

    pub(super) async fn online_users(&mut self) -> Result<(), End> {
        let mut watcher = self.api.0.program.presence.watch(&self.viewer);
        loop {
            let online = watcher.next().await?;
            self.deliver(Moment::Online(online)).await?;
        }
    }

    pub(super) async fn presence(&mut self, user_ids: Option<Vec<ID>>) -> Result<(), End> {
        if user_ids.as_ref().is_some_and(|ids| ids.len() > limits::PRESENCE_USERS) {
            let message = format!("ask for up to {} people", limits::PRESENCE_USERS);
            return Err(End::Failed(Error::input("userIds", message)));
        }
        // What is no id is nobody's.
        let wanted: Option<Vec<UserId>> = user_ids.map(|ids| ids.iter().filter_map(|id| UserId::parse(id)).collect());
        let presence = &self.api.0.program.presence;
        let mut changes = presence.changes();
        loop {
            match changes.recv().await {
                Ok(changed) => {
                    let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.contains(&changed.user));
                    if is_wanted && presence.concerns(&changed, &self.viewer).await? {
                        self.deliver(Moment::Presence(changed)).await?;
                    }
                }
                // Its state is not true any more: the client comes back and asks anew.
                Err(broadcast::error::RecvError::Lagged(_)) => return Err(End::TryAgain),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    pub(super) async fn typing(&mut self, conversation: Option<ConversationRef>) -> Result<(), End> {
        let place = Box::pin(Place::find(self.api, &self.viewer, conversation)).await;
        let place = place.map_err(|Failure(error)| End::Failed(error))?;
        let mut listener = self.api.0.program.typing.listen(&self.viewer)?;
        while let Some(changed) = listener.next().await {
            if place.has_typing(&changed) {
                self.deliver(Moment::Typing(changed)).await?;
            }
        }
        // Who did not keep up has missed something: the client comes back and hears who is typing.
        Err(End::TryAgain)
    }

    /// Resolves a moment and sends it. One that can't be resolved, time and again, is passed: its cursor is returned.
    async fn deliver(&mut self, moment: Moment) -> Result<Option<Cursor>, End> {
        let cursor = match &moment {
            Moment::Event(event) | Moment::Past(event) => Some(event.cursor),
            Moment::CaughtUp(_) | Moment::Reset(..) | Moment::Online(_) | Moment::Presence(_) | Moment::Typing(_) => {
                None
            }
        };
        // Most of the many have only to take what the first one made.
        let payload = match moment.slot().and_then(|slot| self.shared.ready(slot, self.api.program().app.clock.now())) {
            Some(payload) => Ok(payload),
            None => {
                let (api, shared, viewer) = (self.api.clone(), Arc::clone(&self.shared), self.viewer.clone());
                let request_id = Arc::clone(&self.request_id);
                detached(async move { shared.resolve(&api, Arc::new(moment), &viewer, &request_id).await }).await
            }
        };
        match payload {
            Ok(Some(payload)) => {
                self.frames.yield_item(Frame::Next(payload)).await;
                Ok(None)
            }
            Ok(None) => Ok(None),
            Err(Fault::Theirs(errors)) => Err(End::Refused(errors)),
            Err(Fault::Ours) => match cursor {
                Some(cursor) if self.api.fails_for_good(cursor, self.viewer.user()) => Ok(Some(cursor)),
                Some(_) | None => Err(End::TryAgain),
            },
        }
    }
}
