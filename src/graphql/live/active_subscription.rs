//! A running subscription: what it follows and what it delivers.

use std::sync::Arc;

use async_graphql::ID;
use tokio::sync::broadcast;

use crate::accounts::Viewer;
use crate::clock::Timestamp;
use crate::detached::detached;
use crate::error::Error;
use crate::feed::{Cursor, Follower, KindSet, Reset, Start, Step};
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::conversation_filter::{ConversationFilter, Relevance};
use crate::graphql::live::edge::LiveEdge;
use crate::graphql::live::frame::{Frame, FrameSink, Frames};
use crate::graphql::live::kind_filter::KindFilter;
use crate::graphql::live::notification::Notification;
use crate::graphql::live::shared_subscription::{ResolveError, SharedSubscription};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::{Api, Json};
use crate::id::UserId;
use crate::limits;

/// A subscription that has begun.
pub(in crate::graphql) struct ActiveSubscription<'a> {
    pub(in crate::graphql) api: &'a Api,
    pub(in crate::graphql) shared: Arc<SharedSubscription>,
    pub(in crate::graphql) viewer: Viewer,
    pub(in crate::graphql) request_id: Arc<str>,
    /// Receives what its task delivers.
    pub(in crate::graphql) frames: &'a mut Frames,
    /// Receives what is delivered without its task. Without it, the task delivers everything.
    pub(in crate::graphql) sink: Option<Arc<dyn FrameSink>>,
}

/// Why a subscription ended other than by completing.
pub(in crate::graphql) enum SubscriptionEnd {
    /// For a temporary reason: the client resumes.
    TryAgain,
    /// With an error for the client.
    Failed(Error),
    /// With errors that the document causes, as JSON.
    Refused(Json),
}

impl From<Error> for SubscriptionEnd {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl ActiveSubscription<'_> {
    pub(in crate::graphql) async fn events(&mut self, from: Start, kinds: KindSet) -> Result<(), SubscriptionEnd> {
        if !kinds.is_all() {
            return Box::pin(self.events_of(from, Arc::new(KindFilter::new(kinds)))).await;
        }
        let mut follower = self.follow(from, None, None);
        loop {
            let step = follower.next().await?;
            self.deliver_step(step, &follower).await?;
        }
    }

    /// Events of some kinds. Past others the client's cursor advances by CaughtUp.
    async fn events_of(&mut self, from: Start, kinds: Arc<KindFilter>) -> Result<(), SubscriptionEnd> {
        let mut follower = self.follow(from, None, Some(Arc::clone(&kinds)));
        let mut is_live = false;
        // When the client gets a cursor, if it gets none before.
        let mut advances_at: Option<Timestamp> = None;
        let clock = self.api.program().app.clock.clone();
        loop {
            let next = match advances_at {
                None => follower.next().await,
                Some(at) => tokio::select! {
                    next = follower.next() => next,
                    () = clock.sleep_until(at) => {
                        advances_at = None;
                        if let Some(handled) = follower.pause().filter(|_| kinds.has_skipped()) {
                            kinds.passed();
                            self.deliver(Notification::CaughtUp(handled)).await?;
                        }
                        continue;
                    }
                },
            };
            let step = next?;
            match &step {
                Step::Event(event) if !kinds.delivers(event.fact.kind) => {
                    // A replay ends with a cursor anyway.
                    if is_live && kinds.skip() {
                        kinds.passed();
                        self.deliver(Notification::CaughtUp(event.cursor)).await?;
                    } else if is_live {
                        advances_at.get_or_insert_with(|| clock.now() + limits::KINDS_PASSED_TIME);
                    }
                    continue;
                }
                Step::Event(_) => {}
                Step::CaughtUp(_) | Step::Reset(..) => is_live = true,
            }
            kinds.passed();
            self.deliver_step(step, &follower).await?;
        }
    }

    async fn deliver_step(&mut self, step: Step, follower: &Follower) -> Result<(), SubscriptionEnd> {
        let notification = match step {
            Step::Event(event) => Notification::of(event, follower),
            Step::CaughtUp(cursor) => Notification::CaughtUp(cursor),
            Step::Reset(reset, cursor) => Notification::Reset(reset, cursor),
        };
        if let Some(passed) = self.deliver(notification).await? {
            // The event cannot be delivered, and the client has to know that it missed it.
            self.deliver(Notification::Reset(Reset::Expired, passed)).await?;
        }
        Ok(())
    }

    pub(in crate::graphql) async fn messages(
        &mut self,
        conversation: Option<ConversationRef>,
        from: Start,
    ) -> Result<(), SubscriptionEnd> {
        let filter = Box::pin(ConversationFilter::find(self.api, &self.viewer, conversation)).await;
        let mut filter = filter.map_err(|Failure(error)| SubscriptionEnd::Failed(error))?;
        let mut follower = self.follow(from, Some(&filter), None);
        let mut is_live = false;
        loop {
            let event = match follower.next().await? {
                Step::Event(event) => event,
                Step::CaughtUp(at) => {
                    Box::pin(filter.may_have_begun(self.api, &self.viewer)).await?;
                    // The feed does not report a removal from before it was followed.
                    if Box::pin(filter.is_left(self.api, &self.viewer, at)).await? {
                        return Ok(());
                    }
                    is_live = true;
                    continue;
                }
                Step::Reset(..) => return Err(SubscriptionEnd::Failed(Error::CursorExpired)),
            };
            match filter.relevance(&event) {
                Relevance::Deliver => {
                    if self.deliver(Notification::of(event, &follower)).await?.is_some() {
                        return Err(SubscriptionEnd::Failed(Error::CursorExpired));
                    }
                }
                Relevance::MayCreate => Box::pin(filter.may_begin(self.api, &event)).await?,
                Relevance::End if is_live => return Ok(()),
                // In a replay the viewer may have joined again: this is checked at its end.
                Relevance::End | Relevance::Ignore => {}
            }
        }
    }

    /// Follows the feed, for the messages of a filter, for some kinds of events, or for everything.
    fn follow(
        &self,
        from: Start,
        messages_of: Option<&ConversationFilter>,
        kinds: Option<Arc<KindFilter>>,
    ) -> Follower {
        // A filter that can still change is handled by the task alone.
        let sink = self.sink.as_ref().filter(|_| !matches!(messages_of, Some(ConversationFilter::Between(_))));
        let edge = sink.map(|sink| {
            Arc::new(LiveEdge {
                api: self.api.clone(),
                shared: Arc::clone(&self.shared),
                user: self.viewer.user(),
                messages_of: messages_of.cloned(),
                kinds,
                sink: Arc::clone(sink),
                request_id: Arc::clone(&self.request_id),
            }) as _
        });
        self.api.0.program.app.feed.follow(self.viewer.user(), from, edge)
    }

    pub(in crate::graphql) async fn online_users(&mut self) -> Result<(), SubscriptionEnd> {
        let mut watcher = self.api.0.program.presence.watch(&self.viewer);
        loop {
            let online = watcher.next().await?;
            self.deliver(Notification::Online(online)).await?;
        }
    }

    pub(in crate::graphql) async fn presence(&mut self, user_ids: Option<Vec<ID>>) -> Result<(), SubscriptionEnd> {
        if user_ids.as_ref().is_some_and(|ids| ids.len() > limits::PRESENCE_USERS) {
            let message = format!("at most {} user ids are allowed", limits::PRESENCE_USERS);
            return Err(SubscriptionEnd::Failed(Error::input("userIds", message)));
        }
        // A malformed id matches nobody.
        let wanted: Option<Vec<UserId>> = user_ids.map(|ids| ids.iter().filter_map(|id| UserId::parse(id)).collect());
        let presence = &self.api.0.program.presence;
        let mut changes = presence.changes();
        loop {
            match changes.recv().await {
                Ok(changed) => {
                    let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.contains(&changed.user));
                    if is_wanted && presence.concerns(&changed, &self.viewer).await? {
                        self.deliver(Notification::Presence(changed)).await?;
                    }
                }
                // Changes were lost: the client reconnects and reads the state again.
                Err(broadcast::error::RecvError::Lagged(_)) => return Err(SubscriptionEnd::TryAgain),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    pub(in crate::graphql) async fn typing(
        &mut self,
        conversation: Option<ConversationRef>,
    ) -> Result<(), SubscriptionEnd> {
        let filter = Box::pin(ConversationFilter::find(self.api, &self.viewer, conversation)).await;
        let filter = filter.map_err(|Failure(error)| SubscriptionEnd::Failed(error))?;
        let mut listener = self.api.0.program.typing.listen(&self.viewer)?;
        while let Some(changed) = listener.next().await {
            if filter.has_typing(&changed) {
                self.deliver(Notification::Typing(changed)).await?;
            }
        }
        // The listener fell behind and changes were lost: the client reconnects and receives who is typing.
        Err(SubscriptionEnd::TryAgain)
    }

    /// Resolves a notification and sends the result. An event that failed too often is skipped, and its cursor
    /// returned.
    async fn deliver(&mut self, notification: Notification) -> Result<Option<Cursor>, SubscriptionEnd> {
        let cursor = notification.cursor();
        let is_event = matches!(notification, Notification::Event(_) | Notification::Past(_));
        // Usually another subscription of this shape has already made the frame.
        let payload = match notification
            .shared_cell()
            .and_then(|cell| self.shared.ready(cell, self.api.program().app.clock.now()))
        {
            Some(payload) => Ok(payload),
            None => {
                let (api, shared, viewer) = (self.api.clone(), Arc::clone(&self.shared), self.viewer.clone());
                let request_id = Arc::clone(&self.request_id);
                detached(async move { shared.resolve(&api, Arc::new(notification), &viewer, &request_id).await }).await
            }
        };
        match payload {
            Ok(Some(payload)) => {
                self.frames.yield_item(Frame::Next(payload, cursor)).await;
                Ok(None)
            }
            Ok(None) => Ok(None),
            Err(ResolveError::Document(errors)) => Err(SubscriptionEnd::Refused(errors)),
            Err(ResolveError::Momentary(failure)) => match (cursor, self.api.most_tries(failure).await) {
                (Some(cursor), Some(most)) if is_event && self.api.fails_for_good(cursor, self.viewer.user(), most) => {
                    Ok(Some(cursor))
                }
                (Some(_) | None, Some(_) | None) => Err(SubscriptionEnd::TryAgain),
            },
        }
    }
}
