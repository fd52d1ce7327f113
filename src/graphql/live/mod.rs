//! Runs one operation of a socket to its end, as frames. A subscription is a position in the feed (or a look at
//! presence or typing): each thing that happens is resolved by an execution of its own.

mod active_subscription;
mod conversation_filter;
mod edge;
pub(super) mod executions;
mod frame;
pub(super) mod live_objects;
pub(super) mod notification;
mod shape;
mod shared_frames;
pub(super) mod shared_subscription;

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, ServerError};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

pub use frame::{Frame, FrameSink};

use crate::accounts::Viewer;
use crate::detached::detached;
use crate::error::Error;
use crate::feed::Start;
use crate::graphql::error::{Result, finish, is_request_error, server_error};
use crate::graphql::live::active_subscription::{ActiveSubscription, SubscriptionEnd};
use crate::graphql::live::frame::Frames;
use crate::graphql::live::notification::Topic;
use crate::graphql::{AnswerTime, Api, Caller, OperationKind, PreparedOperation, json};
use crate::limits;

/// Where a client wants to resume, as it said in `connection_init`.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    /// The cursor that it gave for this operation.
    pub own: Option<String>,
    /// The cursor for the first subscription to the feed, whichever it is. Taken by that one.
    pub first: Arc<Mutex<Option<String>>>,
}

impl Resume {
    fn take(&self) -> Option<String> {
        self.own.clone().or_else(|| self.first.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// An operation under way.
pub struct RunningOperation {
    /// Whether it goes on until it is ended, and can be resumed.
    pub is_subscription: bool,
    /// What goes to the client.
    pub frames: BoxStream<'static, Frame>,
}

impl Api {
    /// Runs an operation to its end. What a subscription can tell without its task goes to the sink; it comes after
    /// all frames that the task has given.
    pub fn run(
        &self,
        mut request: Request,
        caller: Caller,
        resume: Resume,
        sink: Arc<dyn FrameSink>,
    ) -> RunningOperation {
        let prepared = self.prepare(&mut request, &caller);
        let is_subscription = matches!(prepared, Ok(PreparedOperation { kind: OperationKind::Subscription, .. }));
        let api = self.clone();
        let frames = asynk_strim::stream_fn(move |mut frames: Frames| async move {
            for last in api.run_into(&mut frames, prepared, request, caller, resume, sink).await {
                frames.yield_item(last).await;
            }
        });
        RunningOperation { is_subscription, frames: frames.boxed() }
    }

    async fn run_into(
        &self,
        frames: &mut Frames,
        prepared: Result<PreparedOperation, Vec<ServerError>>,
        request: Request,
        caller: Caller,
        resume: Resume,
        sink: Arc<dyn FrameSink>,
    ) -> Vec<Frame> {
        // What is executed once is boxed: a subscription that waits is to be small, as there are many.
        let PreparedOperation { kind, objects } = match prepared {
            Ok(prepared) => prepared,
            Err(errors) => return vec![self.refused(errors, &caller)],
        };
        let Some(viewer) = caller.viewer.clone() else {
            return vec![self.refused(vec![server_error(Error::Unauthenticated)], &caller)];
        };
        match kind {
            OperationKind::Query | OperationKind::Mutation => {
                Box::pin(self.run_once(frames, request, caller, &viewer)).await
            }
            OperationKind::Subscription => {
                // Until it ends.
                let _reserved = match self.0.live_objects.reserve(viewer.user(), objects) {
                    Ok(permit) => permit,
                    Err(error) => return vec![self.refused(vec![server_error(error)], &caller)],
                };
                // Validating a document takes its time. It waits for nothing else, so that the first one begins first.
                let charge = Box::pin(self.0.executions.charge(viewer.user())).await;
                let (shared, topic) = match Box::pin(charge.run(self.begin(request, &caller))).await {
                    Ok(begun) => begun,
                    Err(errors) => return vec![self.refused(errors, &caller)],
                };
                let _used = shared.used_by(viewer.user());
                let request_id = caller.request_id.as_str().into();
                let subscription = ActiveSubscription { api: self, shared, viewer, request_id, frames, sink };
                self.follow(subscription, topic, caller, resume).await
            }
        }
    }

    async fn run_once(&self, frames: &mut Frames, request: Request, caller: Caller, viewer: &Viewer) -> Vec<Frame> {
        // Held until there is room for the answer, so that those of a client who does not read are few.
        let turn = timeout(limits::REQUEST, self.0.answers.enter(&viewer.user())).await;
        let Ok(Ok(_turn)) = turn else {
            return vec![self.refused(vec![server_error(Error::unavailable())], &caller)];
        };
        let (api, by, time) = (self.clone(), caller.clone(), AnswerTime::default());
        let request = request.data(time.clone());
        let execution =
            async move { time.limit(api.execute_prepared(request, by)).await.map(|executed| executed.response) };
        match detached(execution).await {
            Err(error) => vec![self.refused(vec![server_error(error)], &caller)],
            Ok(response) if is_request_error(&response) => vec![Frame::Error(json(&response.errors))],
            Ok(response) => {
                frames.yield_item(Frame::Next(json(&response))).await;
                vec![Frame::Complete]
            }
        }
    }

    async fn follow(
        &self,
        mut subscription: ActiveSubscription<'_>,
        topic: Topic,
        caller: Caller,
        resume: Resume,
    ) -> Vec<Frame> {
        let end = match topic {
            Topic::Events { after } => {
                let from = Box::pin(self.beginning(after.as_deref(), resume.take())).await;
                subscription.events(from).await
            }
            Topic::MessageAdded { conversation, after } => {
                let from = Box::pin(self.beginning(after.as_deref(), resume.take())).await;
                subscription.messages(conversation, from).await
            }
            Topic::OnlineUsers => subscription.online_users().await,
            Topic::PresenceChanged { user_ids } => subscription.presence(user_ids).await,
            Topic::TypingChanged { conversation } => subscription.typing(conversation).await,
        };
        match end {
            Ok(()) => vec![Frame::Complete],
            Err(SubscriptionEnd::TryAgain) => vec![Frame::TryAgain],
            Err(SubscriptionEnd::Failed(Error::Internal(cause))) => {
                tracing::error!(request.id = caller.request_id, "a subscription failed: {cause:#}");
                vec![Frame::TryAgain]
            }
            Err(SubscriptionEnd::Failed(Error::Unavailable { .. })) => vec![Frame::TryAgain],
            Err(SubscriptionEnd::Failed(error)) => vec![self.refused(vec![server_error(error)], &caller)],
            Err(SubscriptionEnd::Refused(errors)) => vec![Frame::Error(errors)],
        }
    }

    /// Where a subscription begins: at the cursor of `connection_init`, unless it is foreign and the operation's own is
    /// not.
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
        let mut response = async_graphql::Response::from_errors(errors);
        finish(&mut response, &caller.request_id);
        Frame::Error(json(&response.errors))
    }
}
