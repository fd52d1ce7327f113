//! Runs the operations of a socket, each as a stream of frames. A subscription follows the feed, presence or typing and
//! resolves each notification by an execution, which equal subscriptions share.
//!
//! ```text
//! run ─▶ guard ─▶ begin: validates, collects the topic ─▶ ActiveSubscription: follows the feed
//!                                                            │ Notification, unless the LiveEdge sent it
//!                                                            ▼
//!                 client ◀─ Frame ◀─ SharedSubscription: cached frame, or an execution in a turn
//! ```

mod active_subscription;
mod conversation_filter;
mod edge;
pub(super) mod executions;
mod frame;
mod kind_filter;
pub(super) mod live_objects;
pub(super) mod notification;
mod shape;
mod shared_frames;
pub(super) mod shared_subscription;
pub(super) mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, ServerError};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

pub use frame::{Frame, FrameSink};

use crate::accounts::Viewer;
use crate::consumers::{ConsumerName, Ticket, WantedStart};
use crate::detached::detached;
use crate::error::Error;
use crate::feed::{KindSet, Start};
use crate::graphql::OperationNote;
use crate::graphql::error::{Result, is_request_error, server_error};
use crate::graphql::live::active_subscription::{ActiveSubscription, SubscriptionEnd};
use crate::graphql::live::frame::Frames;
use crate::graphql::live::notification::{EventPick, Topic};
use crate::graphql::{AnswerTime, Api, Caller, OperationKind, PreparedOperation, json};
use crate::limits;
use crate::metrics;

/// The cursors to resume from that a client sent in `connection_init`.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    /// The cursor for this operation.
    pub own: Option<String>,
    /// The cursor for the first subscription to the feed, which takes it.
    pub first: Arc<Mutex<Option<String>>>,
}

impl Resume {
    fn take(&self) -> Option<String> {
        self.own.clone().or_else(|| self.first.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// The same, and when the operation was read.
struct NumberedResume {
    ticket: Ticket,
    resume: Resume,
}

/// An operation that is about to run.
struct NewOperation {
    prepared: Result<PreparedOperation, Vec<ServerError>>,
    request: Box<Request>,
    caller: Box<Caller>,
    resume: NumberedResume,
    sink: Option<Arc<dyn FrameSink>>,
}

/// A running operation.
pub struct RunningOperation {
    /// Whether it is a subscription, which runs until it is ended and can be resumed.
    pub is_subscription: bool,
    /// The messages to the client.
    pub frames: BoxStream<'static, Frame>,
}

impl Api {
    /// Runs an operation to its end. What a subscription can deliver without its task goes to the sink, if there is one,
    /// after all frames that the task has yielded.
    pub fn run(
        &self,
        mut request: Request,
        caller: Caller,
        resume: Resume,
        sink: Option<Arc<dyn FrameSink>>,
    ) -> RunningOperation {
        let prepared = self.prepare(&mut request, &caller);
        let is_subscription = matches!(prepared, Ok(PreparedOperation { kind: OperationKind::Subscription, .. }));
        // Taken before anything is waited for.
        let resume = NumberedResume { ticket: self.program().consumers.ticket(), resume };
        let api = self.clone();
        // Boxed, as a subscription needs little of it while it waits, and each function that it is passed to keeps room for it.
        let (request, caller) = (Box::new(request), Box::new(caller));
        let operation = Box::new(NewOperation { prepared, request, caller, resume, sink });
        let frames = asynk_strim::stream_fn(move |mut frames: Frames| async move {
            for last in api.run_into(&mut frames, operation).await {
                frames.yield_item(last).await;
            }
        });
        RunningOperation { is_subscription, frames: frames.boxed() }
    }

    async fn run_into(&self, frames: &mut Frames, operation: Box<NewOperation>) -> Vec<Frame> {
        // Work that happens once is boxed: waiting subscriptions should be small, as there are many. What a box held is moved
        // within a block, as its memory is given back where its name ends.
        let NewOperation { prepared, request, caller, resume, sink } = {
            let given = operation;
            *given
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(errors) => return vec![self.refused(errors, &caller)],
        };
        let Some(viewer) = caller.viewer.clone() else {
            return vec![self.refused(vec![server_error(Error::Unauthenticated)], &caller)];
        };
        match prepared.kind {
            OperationKind::Query | OperationKind::Mutation => {
                Box::pin(self.run_once(frames, *request, *caller, &viewer, prepared)).await
            }
            OperationKind::Subscription => {
                let PreparedOperation { field, objects, .. } = prepared;
                let _running = metrics::subscription(field);
                // Held until the subscription ends.
                let _reserved = match self.0.live_objects.reserve(viewer.user(), objects) {
                    Ok(permit) => permit,
                    Err(error) => return vec![self.refused(vec![server_error(error)], &caller)],
                };
                // Validation takes processor time. It takes no turn, so that subscriptions begin in order.
                let charge = Box::pin(self.0.executions.charge(viewer.user())).await;
                let begin = {
                    let given = request;
                    Box::pin(charge.run(self.begin(*given, &caller)))
                };
                let (shared, topic) = match begin.await {
                    Ok(begun) => begun,
                    Err(errors) => return vec![self.refused(errors, &caller)],
                };
                let _used = shared.used_by(viewer.user());
                let request_id = caller.request_id.as_str().into();
                let mut subscription = ActiveSubscription { api: self, shared, viewer, request_id, frames, sink };
                self.follow(&mut subscription, &topic, &caller, &resume).await
            }
        }
    }

    async fn run_once(
        &self,
        frames: &mut Frames,
        request: Request,
        caller: Caller,
        viewer: &Viewer,
        prepared: PreparedOperation,
    ) -> Vec<Frame> {
        // Held until the answer is sent, so that a client who does not read has few answers in memory.
        let turn = timeout(limits::REQUEST, self.0.answers.enter(&viewer.user())).await;
        let Ok(Ok(_turn)) = turn else {
            return vec![self.refused(vec![server_error(Error::unavailable())], &caller)];
        };
        let (api, by, time) = (self.clone(), caller.clone(), AnswerTime::default());
        let request = request.data(time.clone());
        let execution = async move {
            let caller = by.clone();
            let executed = time.limit(api.execute_prepared(request, by, &prepared)).await;
            executed.map(|executed| {
                executed.note.log(&caller);
                executed.response
            })
        };
        match detached(execution).await {
            Err(error) => vec![self.refused(vec![server_error(error)], &caller)],
            Ok(response) if is_request_error(&response) => vec![Frame::Error(json(&response.errors))],
            Ok(response) => {
                frames.yield_item(Frame::Next(json(&response), None)).await;
                vec![Frame::Complete]
            }
        }
    }

    async fn follow(
        &self,
        subscription: &mut ActiveSubscription<'_>,
        topic: &Topic,
        caller: &Caller,
        resume: &NumberedResume,
    ) -> Vec<Frame> {
        let end = match topic {
            Topic::Events(EventPick { after, consumer: Some(name), kinds }) => {
                let resumes = resume.resume.take();
                let wanted = WantedStart::new(&self.program().app.feed, [after.as_deref(), resumes.as_deref()]);
                Box::pin(self.consume(subscription, name, resume.ticket, wanted, *kinds)).await
            }
            Topic::Events(EventPick { after, consumer: None, kinds }) => {
                let from = Box::pin(self.beginning(after.as_deref(), resume.resume.take())).await;
                subscription.events(from, *kinds).await
            }
            Topic::MessageAdded { conversation, after } => {
                let from = Box::pin(self.beginning(after.as_deref(), resume.resume.take())).await;
                subscription.messages(conversation.clone(), from).await
            }
            // Larger than the feed's, which nearly all clients follow.
            Topic::OnlineUsers => Box::pin(subscription.online_users()).await,
            Topic::PresenceChanged { user_ids } => Box::pin(subscription.presence(user_ids.clone())).await,
            Topic::TypingChanged { conversation } => Box::pin(subscription.typing(conversation.clone())).await,
        };
        match end {
            Ok(()) => vec![Frame::Complete],
            Err(SubscriptionEnd::TryAgain) => vec![Frame::TryAgain],
            Err(SubscriptionEnd::Failed(Error::Internal(cause))) => {
                tracing::error!(request.id = caller.request_id, "a subscription failed: {cause:#}");
                vec![Frame::TryAgain]
            }
            Err(SubscriptionEnd::Failed(Error::Unavailable { .. })) => vec![Frame::TryAgain],
            Err(SubscriptionEnd::Failed(error)) => vec![self.refused(vec![server_error(error)], caller)],
            Err(SubscriptionEnd::Refused(errors)) => vec![Frame::Error(errors)],
        }
    }

    /// Follows a consumer, until a later subscription takes it over.
    async fn consume(
        &self,
        subscription: &mut ActiveSubscription<'_>,
        name: &ConsumerName,
        ticket: Ticket,
        wanted: WantedStart,
        kinds: KindSet,
    ) -> Result<(), SubscriptionEnd> {
        let claim = self.program().consumers.claim(&subscription.viewer, name, ticket)?;
        let following = async {
            let (consumers, viewer) = (self.program().consumers.clone(), subscription.viewer.clone());
            let handle = claim.handle();
            let from = detached(async move { consumers.begin(&viewer, &handle, wanted).await }).await?;
            subscription.events(from, kinds).await
        };
        tokio::select! {
            // First: a claim that is void fails to begin.
            biased;
            () = claim.taken() => Err(SubscriptionEnd::Failed(Error::ConsumerTaken)),
            end = following => end,
        }
    }

    /// Where a subscription begins: at the cursor of `connection_init`, unless that one is foreign and the operation's
    /// own argument is valid.
    async fn beginning(&self, after: Option<&str>, resume: Option<String>) -> Start {
        let after = self.0.program.app.feed.start_after(after);
        let is_ours = |cursor| {
            let feed = self.0.program.app.feed.clone();
            detached(async move { feed.is_ours(cursor).await })
        };
        match resume.map(|cursor| self.0.program.app.feed.start_after(Some(&cursor))) {
            None => after,
            Some(Start::After(cursor)) if is_ours(cursor).await => Start::After(cursor),
            Some(foreign) => match after {
                Start::After(_) => after,
                Start::Now | Start::Garbage => foreign,
            },
        }
    }

    fn refused(&self, errors: Vec<ServerError>, caller: &Caller) -> Frame {
        let response = self.refusal(errors, &caller.request_id);
        OperationNote::refused(None, &response).log(caller);
        Frame::Error(json(&response.errors))
    }
}
