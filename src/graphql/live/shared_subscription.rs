//! Shared execution: equal subscriptions are executed and serialised once for each notification, and all get the same
//! bytes.
//!
//! A frame is shared only if producing it never asked who the viewer is. This is observed, not declared, so a new field
//! of the schema cannot be forgotten:
//!
//! ```text
//! new shape ─▶ shared: execute without a viewer ─┬─ viewer not asked for ─▶ cache the frame, send it to all
//!                                                └─ viewer asked for ─▶ discard the result, mark the shape
//! marked shape ─▶ one execution for each viewer, for as long as the shape exists
//! ```

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, ServerError, Variables};
use futures_util::{FutureExt, StreamExt};
use tokio::time::timeout;

use crate::accounts::Viewer;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::graphql::context::{AskedForViewer, NEVER_EXPIRES, ValidUntil};
use crate::graphql::error::{Blame, blame, finish, invalid, server_error};
use crate::graphql::live::notification::{Notification, Topic, TopicCollector};
use crate::graphql::live::shape::{Shape, lift_root};
use crate::graphql::live::shared_frames::{FrameEviction, ShapeKey, ShapeUse, SharedFrame, SharedFrames};
use crate::graphql::loaders::Loaders;
use crate::graphql::{Api, Caller, Json, json};
use crate::id::UserId;
use crate::limits;
use crate::shared_cell::SharedCell;
use crate::turns::LineFull;

/// What equal subscriptions, those of one shape, have in common.
pub(in crate::graphql) struct SharedSubscription {
    shape: ShapeKey,
    document: ExecutableDocument,
    operation_name: Option<String>,
    variables: Variables,
    asks_for_viewer: AtomicBool,
}

/// The shapes of all running subscriptions.
#[derive(Default)]
pub(in crate::graphql) struct ShapeRegistry {
    by_text: Mutex<HashMap<String, Weak<SharedSubscription>>>,
    /// Bounds their cached frames.
    eviction: FrameEviction,
}

/// Why a notification could not be resolved.
pub(in crate::graphql) enum ResolveError {
    /// It may work the next time.
    Momentary(MomentaryFailure),
    /// The document asks for something invalid, such as a page of 1,000. Its errors, as JSON.
    Document(Json),
}

/// A failure that says nothing of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum MomentaryFailure {
    /// The server failed; the cause is in the log.
    Server,
    /// The database is away or the server overloaded: the same works later.
    Unavailable,
}

impl Api {
    /// How often an event may fail like this before it is skipped with `FeedReset`: the same for subscriptions and
    /// webhooks. `None` while the database is away, as an outage is no reason to skip an event, however often it is tried.
    pub(in crate::graphql) async fn most_tries(&self, failure: MomentaryFailure) -> Option<u32> {
        match failure {
            MomentaryFailure::Server => Some(limits::EVENT_TRIES),
            MomentaryFailure::Unavailable if self.program().app.db.answers().await => Some(limits::BUSY_EVENT_TRIES),
            MomentaryFailure::Unavailable => None,
        }
    }

    /// Begins a subscription: validates it against the schema and parses its arguments.
    pub(in crate::graphql) async fn begin(
        &self,
        mut request: Request,
        caller: &Caller,
    ) -> Result<(Arc<SharedSubscription>, Topic), Vec<ServerError>> {
        let mut document = request.parsed_query().map_err(|error| vec![error])?.clone();
        let operation_name = request.operation_name.clone();
        // async-graphql does not look into fragments at the root of a subscription.
        lift_root(&mut document, operation_name.as_deref()).map_err(|malformed| vec![invalid(malformed)])?;
        request.set_parsed_query(document.clone());
        let shape = Shape::of(&document, operation_name.as_deref(), &request.variables);
        let shape = shape.map_err(|malformed| vec![invalid(malformed)])?;
        let variables = request.variables.clone();
        let collector = Arc::new(TopicCollector::default());
        let request = request.data(Arc::clone(&collector)).data(Loaders::new(&self.0.program.app, None, None));
        let request = match &caller.viewer {
            Some(viewer) => request.data(viewer.clone()),
            None => request,
        };
        if let Some(refused) = self.one_response(request).await.filter(Response::is_err) {
            return Err(refused.errors);
        }
        let nothing = || vec![invalid("this subscription selects no field")];
        let topic = collector.topic().ok_or_else(nothing)?;
        let shared = self.0.shapes.share(shape.text, || SharedSubscription {
            shape: ShapeKey::default(),
            document,
            operation_name,
            variables,
            asks_for_viewer: AtomicBool::new(false),
        });
        Ok((shared, topic))
    }

    /// The first response of a subscription. A panic or a timeout is an error of the server.
    async fn one_response(&self, request: Request) -> Option<Response> {
        let mut responses = self.0.schema.execute_stream(request);
        match timeout(limits::REQUEST, AssertUnwindSafe(responses.next()).catch_unwind()).await {
            Ok(Ok(response)) => response,
            Err(_) => Some(Response::from_errors(vec![server_error(Error::unavailable())])),
            Ok(Err(_)) => {
                let panicked = Error::Internal(anyhow::anyhow!("a resolver panicked"));
                Some(Response::from_errors(vec![server_error(panicked)]))
            }
        }
    }
}

impl ShapeRegistry {
    fn share(&self, text: String, make: impl FnOnce() -> SharedSubscription) -> Arc<SharedSubscription> {
        let mut shapes = self.by_text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = shapes.get(&text).and_then(Weak::upgrade) {
            return shared;
        }
        // Unused shapes are removed when the map would have to grow.
        if shapes.len() == shapes.capacity() {
            shapes.retain(|_, shared| shared.strong_count() > 0);
        }
        let shared = Arc::new(make());
        shapes.insert(text, Arc::downgrade(&shared));
        shared
    }
}

impl SharedSubscription {
    /// Counts a subscription of this user.
    pub(in crate::graphql) fn used_by(&self, user: UserId) -> ShapeUse {
        ShapeUse::new(&self.shape, user)
    }

    /// Whether each viewer needs an execution of their own.
    pub(in crate::graphql) fn asks_for_viewer(&self) -> bool {
        self.asks_for_viewer.load(Ordering::Relaxed)
    }

    /// The result of [`resolve`](Self::resolve) for the notification with this cell, if it is cached.
    pub(in crate::graphql) fn ready(&self, cell: &SharedCell, now: Timestamp) -> Option<Option<Json>> {
        if self.asks_for_viewer() {
            return None;
        }
        match cell.get::<Arc<SharedFrames>>()?.cell(&self.shape).get()? {
            SharedFrame::Payload(payload) => Some(payload.clone()),
            SharedFrame::Expiring(payload, until) => (now < *until).then(|| payload.clone()),
            SharedFrame::AsksForViewer => None,
        }
    }

    /// Makes the shared frame, charged to this user. `false` if it depends on the viewer, cannot be made or cached now,
    /// or the user is busy or over budget, as others must not wait for that.
    pub(in crate::graphql) async fn make(
        &self,
        api: &Api,
        notification: Arc<Notification>,
        user: UserId,
        request_id: &str,
    ) -> bool {
        let made = notification.shared_cell().and_then(SharedCell::get::<Arc<SharedFrames>>);
        if !made.is_some_and(|made| made.keeps(&self.shape)) {
            return false;
        }
        let Some(turn) = api.0.executions.turn_if_free(user).await else { return false };
        matches!(turn.run(self.shared_frame(api, &notification, request_id)).await, Ok(Some(_)))
    }

    /// The payload of the frame for a notification; `None` if the subscription delivers nothing for it. Waits for a
    /// turn of the viewer.
    pub(in crate::graphql) async fn resolve(
        &self,
        api: &Api,
        notification: Arc<Notification>,
        viewer: &Viewer,
        request_id: &str,
    ) -> Result<Option<Json>, ResolveError> {
        let turn = api.0.executions.turn(viewer.user()).await;
        let turn = turn.map_err(|LineFull| ResolveError::Momentary(MomentaryFailure::Unavailable))?;
        turn.run(async {
            // Another subscription may have made it meanwhile.
            if let Some(payload) = self.shared_frame(api, &notification, request_id).await? {
                return Ok(payload);
            }
            let request = self.request(api, notification, Some(viewer)).data(viewer.clone());
            payload(api.one_response(request).await, request_id)
        })
        .await
    }

    /// The payload for a viewer or for nobody in particular, without a turn: for webhooks, of which few are executed at a
    /// time. For nobody, a document that asks for the viewer is invalid.
    pub(in crate::graphql) async fn resolve_apart(
        &self,
        api: &Api,
        notification: Arc<Notification>,
        viewer: Option<&Viewer>,
        request_id: &str,
    ) -> Result<Option<Json>, ResolveError> {
        if let Some(viewer) = viewer {
            let request = self.request(api, notification, Some(viewer)).data(viewer.clone());
            return payload(api.one_response(request).await, request_id);
        }
        match self.respond_to_nobody(api, notification).await {
            (response, false) => payload(response, request_id),
            (_, true) => Err(ResolveError::Document(json(&[invalid("this document asks who the viewer is")]))),
        }
    }

    /// The response without a viewer, and whether one was asked for.
    pub(in crate::graphql) async fn respond_to_nobody(
        &self,
        api: &Api,
        notification: Arc<Notification>,
    ) -> (Option<Response>, bool) {
        let asked = Arc::new(AskedForViewer::default());
        let request = self.request(api, notification, None).data(Arc::clone(&asked));
        let response = api.one_response(request).await;
        (response, asked.was_asked())
    }

    /// The shared frame, made by the first who asks; `None` if it depends on the viewer or has expired.
    async fn shared_frame(
        &self,
        api: &Api,
        notification: &Arc<Notification>,
        request_id: &str,
    ) -> Result<Option<Option<Json>>, ResolveError> {
        let Some(made) = notification.shared_cell().and_then(SharedCell::get::<Arc<SharedFrames>>) else {
            return Ok(None);
        };
        if self.asks_for_viewer() {
            return Ok(None);
        }
        let make = || async {
            let once = self.resolve_once(api, notification, request_id).await?;
            api.0.shapes.eviction.add(made, &self.shape, once.bytes());
            Ok(once)
        };
        Ok(match made.cell(&self.shape).get_or_try_init(make).await? {
            SharedFrame::Payload(payload) => Some(payload.clone()),
            SharedFrame::Expiring(payload, until) => (api.program().app.clock.now() < *until).then(|| payload.clone()),
            SharedFrame::AsksForViewer => None,
        })
    }

    async fn resolve_once(
        &self,
        api: &Api,
        notification: &Arc<Notification>,
        request_id: &str,
    ) -> Result<SharedFrame, ResolveError> {
        let (asked, good) = (Arc::new(AskedForViewer::default()), Arc::new(ValidUntil::default()));
        let request =
            self.request(api, Arc::clone(notification), None).data(Arc::clone(&asked)).data(Arc::clone(&good));
        let response = api.one_response(request).await;
        if asked.was_asked() {
            self.asks_for_viewer.store(true, Ordering::Relaxed);
            return Ok(SharedFrame::AsksForViewer);
        }
        let payload = payload(response, request_id)?;
        Ok(match good.time() {
            NEVER_EXPIRES => SharedFrame::Payload(payload),
            until => SharedFrame::Expiring(payload, until),
        })
    }

    fn request(&self, api: &Api, notification: Arc<Notification>, viewer: Option<&Viewer>) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.clone());
        request.data(notification).data(Loaders::new(&api.0.program.app, viewer.cloned(), None))
    }
}

impl Notification {
    /// Where the shared frames of this notification are cached; `None` if it is for one client only.
    pub(in crate::graphql) fn shared_cell(&self) -> Option<&SharedCell> {
        match self {
            Self::Event(event) => Some(&event.shared),
            Self::Online(online) => Some(&online.shared),
            Self::Presence(changed) => Some(&changed.shared),
            Self::Typing(changed) => Some(&changed.shared),
            Self::Past(_) | Self::CaughtUp(_) | Self::Reset(..) => None,
        }
    }
}

fn payload(response: Option<Response>, request_id: &str) -> Result<Option<Json>, ResolveError> {
    let Some(mut response) = response else { return Ok(None) };
    if response.is_ok() {
        return Ok(Some(json(&response)));
    }
    let blame = blame(&response);
    finish(&mut response, request_id);
    Err(match blame {
        Blame::Server => ResolveError::Momentary(MomentaryFailure::Server),
        Blame::Moment => ResolveError::Momentary(MomentaryFailure::Unavailable),
        Blame::Document => ResolveError::Document(json(&response.errors)),
    })
}
