//! Subscription documents whose results are POSTed: checked when they are added, and executed for each event, for a person
//! or for nobody in particular.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_graphql::{Request, ServerError};

use crate::accounts::Viewer;
use crate::feed::{Cursor, Event, KindSet, Reset};
use crate::graphql::live::notification::{EventPick, Notification, Topic};
use crate::graphql::live::shared_subscription::{ResolveError, SharedSubscription};
use crate::graphql::{Api, Caller, Json, OperationKind};

/// Names the executions of webhooks in the log.
const REQUEST_ID: &str = "webhook";

/// A document that was checked.
pub struct PostedDocument {
    shared: Arc<SharedSubscription>,
    viewer: Option<Viewer>,
    kinds: KindSet,
}

/// What is POSTed.
#[derive(Clone, Debug)]
pub enum PostedEvent {
    /// An event of the feed.
    Happened(Arc<Event>),
    /// What was missed cannot be read any more; go on after the cursor.
    Reset(Reset, Cursor),
}

/// Why there is nothing to POST for an event.
#[derive(Debug)]
pub enum NotResolved {
    /// It failed, and may not the next time. The cause is in the log.
    Failed {
        /// After so many tries that failed like this, the event is skipped.
        most_tries: u32,
    },
    /// The database is away: the same works later, however often it is tried.
    Away,
    /// The document is not valid any more; what is wrong with it.
    Document(String),
}

impl PostedDocument {
    /// The kinds of events that it picks.
    pub fn kinds(&self) -> KindSet {
        self.kinds
    }
}

impl PostedEvent {
    /// The cursor that it is identified by.
    pub fn cursor(&self) -> Cursor {
        match self {
            Self::Happened(event) => event.cursor,
            Self::Reset(_, cursor) => *cursor,
        }
    }

    fn to_notification(&self) -> Notification {
        match self {
            Self::Happened(event) => Notification::Event(Arc::clone(event)),
            Self::Reset(reason, cursor) => Notification::Reset(*reason, *cursor),
        }
    }
}

impl Api {
    /// Checks a document for a person, or for nobody in particular. The error says what is wrong with it.
    pub async fn posted_document(&self, document: &str, viewer: Option<Viewer>) -> Result<PostedDocument, String> {
        if viewer.is_none() {
            let (mut request, _) = self.prepared_for_posts(document, None)?;
            let parsed = request.parsed_query().map_err(|error| in_words(&[error]))?;
            if let Some(field) = self.0.viewer_marks.find(parsed) {
                return Err(format!("{field} depends on who asks, and nobody does: leave it out, or name a bot"));
            }
        }
        self.begin_posts(document, viewer).await
    }

    /// Whether a document asks who the viewer is when it is executed for an event. Before that, the marks of the schema say
    /// it: a test compares them with this.
    pub async fn asks_for_viewer(&self, document: &str, event: &PostedEvent) -> Result<bool, String> {
        let document = self.begin_posts(document, None).await?;
        Ok(document.shared.respond_to_nobody(self, Arc::new(event.to_notification())).await.1)
    }

    fn prepared_for_posts(&self, document: &str, viewer: Option<Viewer>) -> Result<(Request, Caller), String> {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let caller = Caller { viewer, key: None, address, user_agent: None, request_id: REQUEST_ID.to_owned() };
        let mut request = Request::new(document);
        let prepared = self.prepare(&mut request, &caller).map_err(|errors| in_words(&errors))?;
        match prepared.kind {
            OperationKind::Subscription => Ok((request, caller)),
            OperationKind::Query | OperationKind::Mutation => Err("it is not a subscription".to_owned()),
        }
    }

    async fn begin_posts(&self, document: &str, viewer: Option<Viewer>) -> Result<PostedDocument, String> {
        let (request, caller) = self.prepared_for_posts(document, viewer.clone())?;
        let (shared, topic) = self.begin(request, &caller).await.map_err(|errors| in_words(&errors))?;
        match topic {
            Topic::Events(EventPick { after: None, consumer: None, kinds }) => {
                Ok(PostedDocument { shared, viewer, kinds })
            }
            Topic::Events(_) => Err("the server keeps its position: leave `after` and `consumer` out".to_owned()),
            Topic::MessageAdded { .. }
            | Topic::OnlineUsers
            | Topic::PresenceChanged { .. }
            | Topic::TypingChanged { .. } => Err("it has to subscribe to `events`".to_owned()),
        }
    }

    /// The result of a document for an event, as a subscription over a socket has it. `None` if it gets nothing.
    pub async fn resolve_posted(
        &self,
        document: &PostedDocument,
        event: &PostedEvent,
    ) -> Result<Option<Json>, NotResolved> {
        let (notification, viewer) = (Arc::new(event.to_notification()), document.viewer.as_ref());
        match document.shared.resolve_apart(self, notification, viewer, REQUEST_ID).await {
            Ok(payload) => Ok(payload),
            Err(ResolveError::Document(errors)) => Err(NotResolved::Document(errors.to_string())),
            Err(ResolveError::Momentary(failure)) => Err(match self.most_tries(failure).await {
                Some(most_tries) => NotResolved::Failed { most_tries },
                None => NotResolved::Away,
            }),
        }
    }
}

fn in_words(errors: &[ServerError]) -> String {
    let one = |error: &ServerError| match error.locations.first() {
        Some(at) => format!("{} (line {}, column {})", error.message, at.line, at.column),
        None => error.message.clone(),
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}
