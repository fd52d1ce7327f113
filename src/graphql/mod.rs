//! The GraphQL API: the schema, the guard in front of it, and subscriptions with shared executions.
//!
//! `schema` has a file for each slice with its types and resolvers, `guard` checks documents before they are executed,
//! and `live` runs the operations of a socket.

mod answer_time;
mod context;
mod error;
pub mod guard;
mod live;
mod loaders;
mod persisted;
mod schema;
mod session_effect;
mod written;

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, Schema, ServerError};
use futures_util::FutureExt;
use moka::sync::Cache;
use serde::Serialize;

pub use answer_time::AnswerTime;
pub use error::{PARSE_FAILED, PERSISTED_QUERY_NOT_FOUND, VALIDATION_FAILED, code, is_request_error, write_extensions};
pub use live::webhooks::{NotResolved, PostedDocument, PostedEvent};
pub use live::{Frame, FrameSink, Resume, RunningOperation};
#[cfg(feature = "fuzzing")]
pub(crate) use schema::PageCursor;
pub use schema::{kinds_named, sdl};
pub use session_effect::SessionEffect;
pub use written::{ResolveAll, to_json};

use crate::accounts::{Client, ServerKey, Viewer};
use crate::error::Error;
use crate::feed::{Cursor, Position};
use crate::id::UserId;
use crate::limits;
use crate::program::Program;
use crate::rates::neighbourhood;
use crate::turns::FairTurns;
use error::{invalid, not_parsed, refused};
use guard::argument_defaults::{self, ArgumentDefaults};
use guard::documents::DocumentCache;
use guard::rights::KeyRole;
use guard::viewer_marks::ViewerMarks;
use live::executions::ExecutionTurns;
use live::live_objects::LiveObjects;
use live::shared_subscription::ShapeRegistry;
use loaders::Loaders;
use persisted::PersistedDocuments;
use schema::{FeedCursorNow, Mutation, Query, Subscription};
use session_effect::SessionEffects;

/// The sender of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in viewer; `None` if nobody is signed in.
    pub viewer: Option<Viewer>,
    /// The key of an app's backend; there is no viewer then.
    pub key: Option<ServerKey>,
    /// The network address.
    pub address: IpAddr,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// Identifies the request in the log.
    pub request_id: String,
}

impl Caller {
    fn client(&self) -> Client<'_> {
        let replaces = self.viewer.as_ref().filter(|viewer| viewer.has_session());
        Client { address: self.address, user_agent: self.user_agent.as_deref(), replaces }
    }
}

/// The result of a query or mutation.
#[derive(Debug)]
pub struct Executed {
    /// The response for the client.
    pub response: Response,
    /// What the operation did to the client's session, if anything.
    pub session_effect: Option<SessionEffect>,
}

impl From<Response> for Executed {
    fn from(response: Response) -> Self {
        Self { response, session_effect: None }
    }
}

/// The API. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    schema: Schema<Query, Mutation, Subscription>,
    program: Program,
    shapes: ShapeRegistry,
    executions: ExecutionTurns,
    live_objects: LiveObjects,
    /// Turns of queries and mutations over sockets.
    answers: FairTurns<UserId>,
    documents: DocumentCache,
    persisted: PersistedDocuments,
    argument_defaults: ArgumentDefaults,
    viewer_marks: ViewerMarks,
    /// All names in the schema.
    names: HashSet<String>,
    /// How often an event could not be resolved for a user.
    failures: Cache<(Position, UserId), u32>,
}

/// An operation that has passed the guard.
#[derive(Clone, Copy, Debug)]
struct PreparedOperation {
    kind: OperationKind,
    /// The number of objects that it can return.
    objects: usize,
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl Api {
    /// The API of a program.
    pub fn new(program: Program) -> Self {
        let mut schema = schema::builder().data(program.clone());
        if !program.app.config.introspection {
            // Suggestions would reveal names of the schema.
            schema = schema.disable_introspection().disable_suggestions();
        }
        let schema = schema.finish();
        let names = schema.names().into_iter().collect();
        let sdl = schema.sdl();
        let (argument_defaults, viewer_marks) = (ArgumentDefaults::of(&sdl), ViewerMarks::of(&sdl));
        let failures = Cache::builder().time_to_live(limits::REQUEST * 60).max_capacity(10_000).build();
        let (shapes, documents) = (ShapeRegistry::default(), DocumentCache::new());
        let executions = ExecutionTurns::new(&program.app.config);
        let (live_objects, answers) = match program.app.config.rate_limits {
            true => (limits::LIVE_OBJECTS, limits::SOCKET_ANSWERS),
            false => (usize::MAX, limits::SOCKET_ANSWERS.without_shares()),
        };
        let (live_objects, answers) = (LiveObjects::new(live_objects), FairTurns::new(answers));
        Self(Arc::new(Inner {
            schema,
            program,
            shapes,
            executions,
            live_objects,
            answers,
            documents,
            persisted: PersistedDocuments::default(),
            argument_defaults,
            viewer_marks,
            names,
            failures,
        }))
    }

    /// The program behind the API.
    pub fn program(&self) -> &Program {
        &self.0.program
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, mut request: Request, caller: Caller) -> Executed {
        match self.prepare(&mut request, &caller).map(|prepared| prepared.kind) {
            Ok(OperationKind::Query | OperationKind::Mutation) => self.execute_prepared(request, caller).await,
            Ok(OperationKind::Subscription) => {
                let how = "send subscriptions over a WebSocket to the same URL, or with Accept: text/event-stream";
                let refused = Error::input("query", how);
                self.finished(Response::from_errors(vec![error::server_error(refused)]), &caller.request_id).into()
            }
            Err(errors) => self.finished(Response::from_errors(errors), &caller.request_id).into(),
        }
    }

    /// Makes a request's document what the parser can read: finds the one that its hash names, and replaces escapes.
    fn open(&self, request: &mut Request, caller: &Caller) -> Result<(), ServerError> {
        self.0.persisted.resolve(request, caller)?;
        if let Cow::Owned(replaced) = guard::lexical::escapes::replace(&request.query) {
            request.query = replaced;
        }
        Ok(())
    }

    /// Whether a request would execute a mutation. A document that is refused or can't be parsed is none: executing it
    /// returns the error.
    pub fn is_mutation(&self, request: &mut Request, caller: &Caller) -> bool {
        self.type_of(request, caller) == Some(OperationType::Mutation)
    }

    /// Whether a request would begin a subscription. One that is refused or can't be parsed is none.
    pub fn is_subscription(&self, request: &mut Request, caller: &Caller) -> bool {
        self.type_of(request, caller) == Some(OperationType::Subscription)
    }

    fn type_of(&self, request: &mut Request, caller: &Caller) -> Option<OperationType> {
        if self.open(request, caller).is_err() || guard::lexical::check(&request.query).is_err() {
            return None;
        }
        let name = request.operation_name.clone();
        let document = request.parsed_query().ok()?;
        Some(guard::operation::chosen(document, name.as_deref())?.ty)
    }

    /// Guards a document before it is parsed, as the parser can overflow the stack, and before it is executed, as the
    /// library's own checks can take very long. Also charges the cost of queries and mutations.
    fn prepare(&self, request: &mut Request, caller: &Caller) -> Result<PreparedOperation, Vec<ServerError>> {
        self.open(request, caller).map_err(|error| vec![error])?;
        // Checked even if the document was parsed already: it takes a microsecond.
        guard::lexical::check(&request.query).map_err(|refusal| vec![refused(refusal)])?;
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let text = (!self.0.documents.recall(request)).then(|| request.query.clone());
        let document = request.parsed_query().map_err(|error| vec![not_parsed(error)])?;
        let measure = guard::cost::check(document, name.as_deref(), &variables);
        let measure = measure.map_err(|refusal| vec![refused(refusal)])?;
        if let Some(new) = text {
            self.0.documents.remember(new, document);
        }
        // async-graphql would return null without an error.
        if !self.0.program.app.config.introspection && guard::introspection::uses_introspection(document) {
            return Err(vec![invalid("introspection is disabled on this server")]);
        }
        // If there is no operation, the execution reports the error.
        let Some(operation) = guard::operation::chosen(document, name.as_deref()) else {
            return Ok(PreparedOperation { kind: OperationKind::Query, objects: measure.objects });
        };
        if key_role(caller).is_some_and(|role| !guard::rights::allows(role, document, operation)) {
            return Err(vec![error::server_error(Error::Forbidden)]);
        }
        let defaults = guard::variables::complete(operation, &variables, &self.0.names).map_err(|error| vec![error])?;
        let kind = match operation.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        let lent = self.0.argument_defaults.lent(document, operation);
        if !lent.is_empty() {
            let mut document = document.clone();
            argument_defaults::lend(&mut document, name.as_deref(), &lent);
            request.set_parsed_query(document);
        }
        request.variables.extend(defaults);
        request.variables.extend(lent.into_iter().filter(|(name, _)| !variables.contains_key(name)));
        if kind != OperationKind::Subscription {
            self.charge(&measure, caller).map_err(|error| vec![error::server_error(error)])?;
        }
        Ok(PreparedOperation { kind, objects: measure.objects })
    }

    /// Charges the cost of a document to the person or key that sent it, or to their network address if nobody is signed in.
    fn charge(&self, measure: &guard::cost::DocumentMeasure, caller: &Caller) -> Result<(), Error> {
        let rates = &self.0.program.app.rates;
        let acting = caller.viewer.as_ref().and_then(Viewer::acting_key);
        match (&caller.viewer, acting.or(caller.key.as_ref())) {
            (_, Some(key)) => rates.key_objects.take_many(&key.id(), measure.cost()),
            (Some(viewer), None) => rates.objects.take_many(&viewer.user(), measure.cost()),
            (None, None) => rates.visitor_objects.take_many(&neighbourhood(caller.address), measure.cost()),
        }
    }

    async fn execute_prepared(&self, request: Request, caller: Caller) -> Executed {
        let (request_id, document) = (caller.request_id.clone(), request.query.clone());
        let (viewer, key) = (caller.viewer.clone(), caller.key);
        // Read before anything is resolved.
        let now = FeedCursorNow(self.0.program.app.feed.head());
        let loaders = Loaders::new(&self.0.program.app, viewer.clone(), key);
        let effects = SessionEffects::default();
        let request = request.data(now).data(loaders).data(caller).data(effects.clone());
        let request = match viewer {
            Some(viewer) => request.data(viewer),
            None => request,
        };
        let request = match key {
            Some(key) => request.data(key),
            None => request,
        };
        let response = AssertUnwindSafe(self.0.schema.execute(request)).catch_unwind().await;
        let (mut response, session_effect) = match response {
            Ok(response) => (response, effects.take()),
            Err(_) => {
                let panicked = Error::Internal(anyhow::anyhow!("a resolver panicked"));
                (Response::from_errors(vec![error::server_error(panicked)]), None)
            }
        };
        error::name_arguments(&mut response, &document);
        Executed { response: self.finished(response, &request_id), session_effect }
    }

    fn finished(&self, mut response: Response, request_id: &str) -> Response {
        error::finish(&mut response, request_id);
        response
    }

    /// Counts a failure to resolve an event for a user. `true` if it failed often enough to skip the event.
    fn fails_for_good(&self, at: Cursor, user: UserId) -> bool {
        let key = (at.position, user);
        let tries = self.0.failures.get(&key).unwrap_or(0) + 1;
        self.0.failures.insert(key, tries);
        tries >= limits::EVENT_TRIES
    }
}

/// In whose name a key sends a request; `None` for people and visitors.
fn key_role(caller: &Caller) -> Option<KeyRole<'_>> {
    match &caller.viewer {
        Some(viewer) => viewer.acting_key().map(|_| KeyRole::Person),
        None => caller.key.as_ref().map(KeyRole::Itself),
    }
}

/// Serialised JSON, shared by all who send it.
pub type Json = Arc<str>;

/// The errors of an operation that could not be read.
pub fn refusal(error: Error, request_id: &str) -> Json {
    let mut response = Response::from_errors(vec![error::server_error(error)]);
    error::finish(&mut response, request_id);
    json(&response.errors)
}

fn json(value: &impl Serialize) -> Json {
    String::from_utf8(to_json(value)).expect("JSON is text").into()
}
