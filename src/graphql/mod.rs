//! The GraphQL API: the schema, the guard in front of it, and subscriptions with shared executions.
//!
//! `schema` has a file for each slice with its types and resolvers, `guard` checks documents before they are executed,
//! `live` runs the operations of a socket,
//! and `request` has what every request goes through.

mod context;
mod error;
pub mod guard;
mod live;
mod loaders;
mod request;
mod schema;
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

pub use error::{PARSE_FAILED, PERSISTED_QUERY_NOT_FOUND, VALIDATION_FAILED, code, is_request_error, write_extensions};
pub use live::webhooks::{NotResolved, PostedDocument, PostedEvent};
pub use live::{Frame, FrameSink, Resume, RunningOperation};
pub use request::{AnswerTime, OperationNote, SessionEffect};
#[cfg(feature = "fuzzing")]
pub(crate) use schema::PageCursor;
pub use schema::{kinds_named, sdl};
pub use written::{ResolveAll, to_json};

use crate::accounts::{Client, ServerKey, Viewer};
use crate::clock;
use crate::error::Error;
use crate::feed::{Cursor, Position};
use crate::id::UserId;
use crate::limits;
use crate::metrics;
use crate::program::Program;
use crate::turns::FairTurns;
use guard::argument_defaults::ArgumentDefaults;
use guard::documents::DocumentCache;
use guard::viewer_marks::ViewerMarks;
use live::executions::ExecutionTurns;
use live::live_objects::LiveObjects;
use live::shared_subscription::ShapeRegistry;
use loaders::Loaders;
use request::{OperationKind, PersistedDocuments, PreparedOperation, SessionEffects};
use schema::{FeedCursorNow, Mutation, Query, Subscription};

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
    /// What the log says of it.
    pub note: OperationNote,
}

/// The API. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<ApiInner>);

struct ApiInner {
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
    failures: Cache<(Position, UserId, u32), u32>,
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
        Self(Arc::new(ApiInner {
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
        let errors = match self.prepare(&mut request, &caller) {
            Ok(PreparedOperation { kind: OperationKind::Subscription, .. }) => {
                let how = "send subscriptions over a WebSocket to the same URL, or with Accept: text/event-stream";
                vec![error::server_error(Error::input("query", how))]
            }
            Ok(prepared) => return self.execute_prepared(request, caller, &prepared).await,
            Err(errors) => errors,
        };
        let response = self.refusal(errors, &caller.request_id);
        let note = OperationNote::refused(request.operation_name.as_deref(), &response);
        Executed { response, session_effect: None, note }
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

    async fn execute_prepared(&self, request: Request, caller: Caller, prepared: &PreparedOperation) -> Executed {
        let began = clock::instant();
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
        let response = self.finished(response, &request_id);
        let note = OperationNote::executed(prepared, &response);
        metrics::operation(note.kind, &note.field, note.code.clone(), began.elapsed());
        Executed { response, session_effect, note }
    }

    /// The answer to an operation that is not executed.
    fn refusal(&self, errors: Vec<ServerError>, request_id: &str) -> Response {
        let response = self.finished(Response::from_errors(errors), request_id);
        metrics::refused_operation(error::first_code(&response));
        response
    }

    fn finished(&self, mut response: Response, request_id: &str) -> Response {
        error::finish(&mut response, request_id);
        response
    }

    /// Counts a failure to resolve an event for a user. `true` if it failed so often that the event is skipped.
    fn fails_for_good(&self, at: Cursor, user: UserId, most: u32) -> bool {
        let key = (at.position, user, most);
        let tries = self.0.failures.get(&key).unwrap_or(0) + 1;
        self.0.failures.insert(key, tries);
        tries >= most
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
