//! Runs one operation of a socket to its end, as frames. A subscription is a position in the feed (or a look at
//! presence): each thing that happens is resolved by an execution of its own.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID, Request, ServerError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::conversations::{self, Reference};
use crate::entity::conversation::DirectPair;
use crate::error::Error;
use crate::feed::{Cursor, Event, Kind, Reset, Start, Step};
use crate::graphql::conversations::ConversationRef;
use crate::graphql::error::{Failure, Result, is_request_error, server_error};
use crate::graphql::feed::start;
use crate::graphql::shared::{Fault, Shared};
use crate::graphql::{Api, Caller, Json};
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::presence::{Changed, Online};

/// What goes to the client of an operation.
#[derive(Debug)]
pub enum Frame {
    /// A result, as JSON.
    Next(Json),
    /// The end, with errors as JSON that no retry can mend.
    Error(Json),
    /// The end.
    Complete,
    /// Nothing more can be told now: the whole socket is to be closed, so that the client comes back and resumes.
    TryAgain,
}

impl Frame {
    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Next(json) | Self::Error(json) => json.len(),
            Self::Complete | Self::TryAgain => 0,
        }
    }
}

/// Something that happened, to be resolved for a subscription.
pub enum Moment {
    /// An event of the feed.
    Event(Arc<Event>),
    /// A replay is over.
    CaughtUp(Cursor),
    /// What was missed can't be told.
    Reset(Reset, Cursor),
    /// The list of who is online.
    Online(Arc<Online>),
    /// Somebody came or went.
    Presence(Arc<Changed>),
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
}

/// Where a subscription's resolver leaves its arguments when the subscription begins.
#[derive(Default)]
pub(super) struct Beginning(Mutex<Option<Topic>>);

impl Beginning {
    pub(super) fn take(&self) -> Option<Topic> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The body of every subscription's resolver. It is called in two ways: once when the subscription begins, to check the
/// arguments and leave the topic, and then for each moment, to make the one item of it.
pub(super) async fn moment<T>(
    ctx: &Context<'_>,
    topic: Topic,
    make: impl AsyncFnOnce(&Moment) -> Result<Option<T>>,
) -> Result<stream::Iter<std::option::IntoIter<T>>> {
    let item = if let Ok(beginning) = ctx.data::<Arc<Beginning>>() {
        *beginning.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(topic);
        None
    } else {
        let moment = ctx.data::<Arc<Moment>>();
        let moment = moment.map_err(|_| Failure(Error::input("query", "subscriptions go over a WebSocket")))?;
        make(moment).await?
    };
    Ok(stream::iter(item))
}

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

impl Api {
    /// Runs an operation to its end.
    pub fn run(&self, request: Request, caller: Caller, resume: Resume) -> BoxStream<'static, Frame> {
        let api = self.clone();
        asynk_strim::stream_fn(move |mut frames: asynk_strim::Yielder<Frame>| async move {
            for last in api.run_into(&mut frames, request, caller, resume).await {
                frames.yield_item(last).await;
            }
        })
        .boxed()
    }

    async fn run_into(&self, frames: &mut Frames, mut request: Request, caller: Caller, resume: Resume) -> Vec<Frame> {
        match self.prepare(&mut request) {
            Err(errors) => return vec![self.refused(errors, &caller)],
            Ok(super::Operation::Subscription) => {}
            Ok(super::Operation::Query | super::Operation::Mutation) => {
                let answer = timeout(limits::REQUEST, self.execute_prepared(request, caller.clone())).await;
                let Ok(response) = answer else {
                    return vec![self.refused(vec![server_error(Error::unavailable())], &caller)];
                };
                if is_request_error(&response) {
                    return vec![Frame::Error(super::json(&response.errors))];
                }
                return vec![Frame::Next(super::json(&response)), Frame::Complete];
            }
        }
        let request_id = caller.request_id.clone();
        let (shared, topic) = match self.begin(request, &caller).await {
            Ok(begun) => begun,
            Err(errors) => return vec![self.refused(errors, &caller)],
        };
        let Some(viewer) = caller.viewer.as_ref() else {
            return vec![self.refused(vec![server_error(Error::Unauthenticated)], &caller)];
        };
        let mut subscription = Subscription { api: self, shared, viewer: viewer.clone(), request_id, frames };
        let end = match topic {
            Topic::Events { after } => subscription.events(self.beginning(after.as_deref(), resume.take()).await).await,
            Topic::MessageAdded { conversation, after } => {
                let place = Place::find(self, viewer.user(), conversation).await;
                match place {
                    Ok(place) => {
                        subscription.messages(place, self.beginning(after.as_deref(), resume.take()).await).await
                    }
                    Err(Failure(error)) => Err(End::Failed(error)),
                }
            }
            Topic::OnlineUsers => subscription.online_users().await,
            Topic::PresenceChanged { user_ids } => subscription.presence(user_ids).await,
        };
        match end {
            Ok(()) => vec![Frame::Complete],
            Err(End::TryAgain) => vec![Frame::TryAgain],
            Err(End::Failed(Error::Internal(cause))) => {
                tracing::error!(request.id = caller.request_id, "a subscription failed: {cause:#}");
                vec![Frame::TryAgain]
            }
            Err(End::Failed(Error::Unavailable { .. })) => vec![Frame::TryAgain],
            Err(End::Failed(error)) => vec![self.refused(vec![server_error(error)], &caller)],
            Err(End::Refused(errors)) => vec![Frame::Error(errors)],
        }
    }

    /// Where a subscription begins: at the cursor of `connection_init`, unless it is foreign and the operation's own is
    /// not.
    async fn beginning(&self, after: Option<&str>, resume: Option<String>) -> Start {
        let after = start(after);
        match resume.map(|cursor| start(Some(&cursor))) {
            None => after,
            Some(Start::After(cursor)) if self.program.app.feed.is_ours(cursor).await => Start::After(cursor),
            Some(foreign) => match after {
                Start::After(_) => after,
                Start::Now | Start::Garbage => foreign,
            },
        }
    }

    fn refused(&self, errors: Vec<ServerError>, caller: &Caller) -> Frame {
        let mut response = async_graphql::Response::from_errors(errors);
        super::error::finish(&mut response, &caller.request_id);
        Frame::Error(super::json(&response.errors))
    }
}

type Frames = asynk_strim::Yielder<Frame>;

/// A subscription that has begun.
struct Subscription<'a> {
    api: &'a Api,
    shared: Arc<Shared>,
    viewer: crate::accounts::Viewer,
    request_id: String,
    frames: &'a mut Frames,
}

/// Why a subscription ended other than by completing.
enum End {
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
    async fn events(&mut self, from: Start) -> Result<(), End> {
        let mut follower = self.api.program.app.feed.follow(self.viewer.user(), from);
        loop {
            let moment = match follower.next().await? {
                Step::Event(event) => Moment::Event(event),
                Step::CaughtUp(cursor) => Moment::CaughtUp(cursor),
                Step::Reset(reset, cursor) => Moment::Reset(reset, cursor),
            };
            if let Some(passed) = self.deliver(moment).await? {
                // It can't be told, and the client has to know that it misses it.
                self.deliver(Moment::Reset(Reset::Expired, passed)).await?;
            }
        }
    }

    async fn messages(&mut self, mut place: Place, from: Start) -> Result<(), End> {
        let mut follower = self.api.program.app.feed.follow(self.viewer.user(), from);
        loop {
            let event = match follower.next().await? {
                Step::Event(event) => event,
                Step::CaughtUp(_) => {
                    place.may_have_begun(self.api, self.viewer.user()).await?;
                    continue;
                }
                Step::Reset(..) => return Err(End::Failed(Error::CursorExpired)),
            };
            match event.fact.kind {
                Kind::MessageAdded if place.has(&event) => {
                    if self.deliver(Moment::Event(event)).await?.is_some() {
                        return Err(End::Failed(Error::CursorExpired));
                    }
                }
                Kind::ConversationAdded => place.may_begin(self.api, &event).await?,
                Kind::ConversationRemoved if place.has(&event) && place != Place::Everywhere => return Ok(()),
                Kind::Origin
                | Kind::MessageAdded
                | Kind::MessageChanged
                | Kind::ReadMarkMoved
                | Kind::ConversationUpdated
                | Kind::ConversationRemoved
                | Kind::UserChanged => {}
            }
        }
    }

    async fn online_users(&mut self) -> Result<(), End> {
        let mut watcher = self.api.program.presence.watch();
        loop {
            let online = watcher.next().await?;
            self.deliver(Moment::Online(online)).await?;
        }
    }

    async fn presence(&mut self, user_ids: Option<Vec<ID>>) -> Result<(), End> {
        if user_ids.as_ref().is_some_and(|ids| ids.len() > limits::PRESENCE_USERS) {
            let message = format!("ask for up to {} people", limits::PRESENCE_USERS);
            return Err(End::Failed(Error::input("userIds", message)));
        }
        // What is no id is nobody's.
        let wanted: Option<Vec<UserId>> = user_ids.map(|ids| ids.iter().filter_map(|id| UserId::parse(id)).collect());
        let mut changes = self.api.program.presence.changes();
        loop {
            match changes.recv().await {
                Ok(changed) => {
                    if wanted.as_ref().is_none_or(|wanted| wanted.contains(&changed.user)) {
                        self.deliver(Moment::Presence(changed)).await?;
                    }
                }
                // Its state is not true any more: the client comes back and asks anew.
                Err(broadcast::error::RecvError::Lagged(_)) => return Err(End::TryAgain),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    /// Resolves a moment and sends it. One that can't be resolved, time and again, is passed: its cursor is returned.
    async fn deliver(&mut self, moment: Moment) -> Result<Option<Cursor>, End> {
        let cursor = match &moment {
            Moment::Event(event) => Some(event.cursor),
            Moment::CaughtUp(_) | Moment::Reset(..) | Moment::Online(_) | Moment::Presence(_) => None,
        };
        match self.shared.resolve(self.api, Arc::new(moment), &self.viewer, &self.request_id).await {
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

/// Of which conversations a `messageAdded` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Everywhere,
    In(ConversationId),
    /// A direct conversation that does not exist yet.
    Between(DirectPair),
}

impl Place {
    async fn find(api: &Api, viewer: UserId, reference: Option<ConversationRef>) -> Result<Self> {
        let Some(reference) = reference else { return Ok(Self::Everywhere) };
        let reference = reference.parse().ok_or(Failure(Error::NotFound))?;
        let app = &api.program.app;
        if let Some(membership) = conversations::find_membership(app, viewer, reference).await? {
            return Ok(Self::In(membership.conversation().id));
        }
        match reference {
            Reference::Direct(other) if other != viewer && conversations::can_be_written_to(app, other).await? => {
                Ok(Self::Between(DirectPair::of(viewer, other)))
            }
            Reference::Direct(_) | Reference::Id(_) => Err(Failure(Error::NotFound)),
        }
    }

    fn has(&self, event: &Event) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(conversation) => event.fact.conversation == Some(*conversation),
            Self::Between(_) => false,
        }
    }

    /// The conversation that did not exist when the subscription began may have been made before the feed was followed,
    /// which then does not tell of it.
    async fn may_have_begun(&mut self, api: &Api, viewer: UserId) -> Result<(), Error> {
        let Self::Between(pair) = self else { return Ok(()) };
        let Some(other) = pair.other(viewer) else { return Ok(()) };
        let made = conversations::find_membership(&api.program.app, viewer, Reference::Direct(other)).await?;
        if let Some(membership) = made {
            *self = Self::In(membership.conversation().id);
        }
        Ok(())
    }

    /// The viewer has joined a conversation: it may be the one that did not exist.
    async fn may_begin(&mut self, api: &Api, event: &Event) -> Result<(), Error> {
        let (Self::Between(pair), Some(id)) = (&*self, event.fact.conversation) else { return Ok(()) };
        let rows = conversations::by_ids(&api.program.app, &[id]).await?;
        if rows.iter().any(|row| row.direct_pair.as_ref() == Some(pair)) {
            *self = Self::In(id);
        }
        Ok(())
    }
}
