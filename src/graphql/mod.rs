//! The API: resolvers that dress what the slices decide, and the execution of documents, guarded and shared.

mod accounts;
mod answer_time;
mod context;
mod conversations;
pub mod cookies;
mod date_time;
mod documents;
mod edge;
mod erasure;
mod error;
mod executions;
mod feed;
mod frame;
mod groups;
pub mod guard;
mod images;
mod live;
mod live_objects;
mod loaders;
mod made;
mod messages;
mod moment;
mod pages;
mod paging;
mod place;
mod presence;
mod reference;
mod search;
mod server_info;
mod sessions;
mod shape;
mod shared;
mod subscription;
mod typing;
mod variables;

use std::collections::HashSet;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{MergedObject, MergedSubscription, Request, Response, Schema, ServerError};
use futures_util::FutureExt;
use moka::sync::Cache;
use serde::Serialize;

pub use answer_time::AnswerTime;
pub use context::Program;
pub use edge::Outlet;
pub use error::{PARSE_FAILED, VALIDATION_FAILED, code, is_request_error};
pub use frame::Frame;
pub use live::{Resume, Run};
#[cfg(feature = "fuzzing")]
pub(crate) use paging::Place;

use crate::accounts::{Client, Viewer};
use crate::error::Error;
use crate::feed::{Cursor, Position};
use crate::id::UserId;
use crate::limits;
use crate::rates::neighbourhood;
use crate::turns::FairTurns;
use documents::Documents;
use executions::Executions;
use live_objects::LiveObjects;
use loaders::Loaders;
use paging::List;
use shared::Shapes;

/// All queries.
#[derive(MergedObject, Default)]
pub struct Query(
    accounts::AccountsQuery,
    sessions::SessionsQuery,
    conversations::ConversationsQuery,
    messages::MessagesQuery,
    search::SearchQuery,
    feed::FeedQuery,
    server_info::ServerInfoQuery,
);

/// All mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    accounts::AccountsMutation,
    messages::MessagesMutation,
    images::ImagesMutation,
    sessions::SessionsMutation,
    groups::GroupsMutation,
    typing::TypingMutation,
    erasure::ErasureMutation,
);

/// All subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(feed::FeedSubscription, presence::PresenceSubscription, typing::TypingSubscription);

/// Who sends a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in viewer; `None` is a visitor.
    pub viewer: Option<Viewer>,
    /// Where they are.
    pub address: IpAddr,
    /// What they say their client is.
    pub user_agent: Option<String>,
    /// By which the log knows the request.
    pub request_id: String,
}

impl Caller {
    fn client(&self) -> Client<'_> {
        Client { address: self.address, user_agent: self.user_agent.as_deref(), replaces: self.viewer.as_ref() }
    }
}

/// The API. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    schema: Schema<Query, Mutation, Subscription>,
    program: Program,
    shapes: Shapes,
    executions: Executions,
    live_objects: LiveObjects,
    /// Of queries and mutations over sockets.
    answers: FairTurns<UserId>,
    documents: Documents,
    /// Every name in the schema.
    names: HashSet<String>,
    /// Events that could not be resolved for a person, and how often.
    failures: Cache<(Position, UserId), u32>,
}

/// What is known of a document that has passed the guard.
#[derive(Clone, Copy, Debug)]
struct Prepared {
    operation: Operation,
    /// The objects that it can return.
    objects: usize,
}

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Query,
    Mutation,
    Subscription,
}

impl Api {
    /// The API of a program.
    pub fn new(program: Program) -> Self {
        let mut schema = builder().data(program.clone());
        if !program.app.config.introspection {
            // Suggestions of names would be introspection by guessing.
            schema = schema.disable_introspection().disable_suggestions();
        }
        let schema = schema.finish();
        let names = schema.names().into_iter().collect();
        let failures = Cache::builder().time_to_live(limits::REQUEST * 60).max_capacity(10_000).build();
        let (shapes, documents) = (Shapes::default(), Documents::new());
        let executions = Executions::new(&program.app.config);
        let (live_objects, answers) = match program.app.config.rate_limits {
            true => (limits::LIVE_OBJECTS, limits::SOCKET_ANSWERS),
            false => (usize::MAX, limits::SOCKET_ANSWERS.without_shares()),
        };
        let (live_objects, answers) = (LiveObjects::new(live_objects), FairTurns::new(answers));
        Self(Arc::new(Inner { schema, program, shapes, executions, live_objects, answers, documents, names, failures }))
    }

    /// The program behind the API.
    pub fn program(&self) -> &Program {
        &self.0.program
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, mut request: Request, caller: Caller) -> Response {
        match self.prepare(&mut request, &caller).map(|prepared| prepared.operation) {
            Ok(Operation::Query | Operation::Mutation) => self.execute_prepared(request, caller).await,
            Ok(Operation::Subscription) => {
                let refused = Error::input("query", "subscriptions go over a WebSocket, at the same address");
                self.finished(Response::from_errors(vec![error::server_error(refused)]), &caller.request_id)
            }
            Err(errors) => self.finished(Response::from_errors(errors), &caller.request_id),
        }
    }

    /// Guards a document: before the parse, which can overflow the stack, and before the execution, whose own checks
    /// can take for ever. What is executed is counted by then.
    fn prepare(&self, request: &mut Request, caller: &Caller) -> Result<Prepared, Vec<ServerError>> {
        // The whole text is read before the parse, also where somebody has parsed already: it takes a microsecond.
        guard::lexical::check(&request.query).map_err(|refusal| vec![refused(refusal)])?;
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let text = (!self.0.documents.recall(request)).then(|| request.query.clone());
        let document = request.parsed_query().map_err(|error| vec![no_document(error)])?;
        let measure = guard::cost::check(document, name.as_deref(), &variables);
        let measure = measure.map_err(|refusal| vec![refused(refusal)])?;
        if let Some(new) = text {
            self.0.documents.remember(new, document);
        }
        // async-graphql would answer with null, as if there were nothing wrong.
        if !self.0.program.app.config.introspection && guard::introspection::is_asked_for(document) {
            return Err(vec![invalid("this server does not show its schema")]);
        }
        // Without an operation the execution says what is wrong.
        let Some(operation) = guard::operation::chosen(document, name.as_deref()) else {
            return Ok(Prepared { operation: Operation::Query, objects: measure.objects });
        };
        let defaults = variables::complete(operation, &variables, &self.0.names).map_err(|error| vec![error])?;
        let operation = match operation.ty {
            OperationType::Query => Operation::Query,
            OperationType::Mutation => Operation::Mutation,
            OperationType::Subscription => Operation::Subscription,
        };
        request.variables.extend(defaults);
        if operation != Operation::Subscription {
            self.count(&measure, caller).map_err(|error| vec![error::server_error(error)])?;
        }
        Ok(Prepared { operation, objects: measure.objects })
    }

    /// Takes what a document can cost out of the budget of its sender, or of their address while nobody is signed in.
    fn count(&self, measure: &guard::cost::Measure, caller: &Caller) -> Result<(), Error> {
        let rates = &self.0.program.app.rates;
        match &caller.viewer {
            Some(viewer) => rates.objects.take_many(&viewer.user(), measure.cost()),
            None => rates.visitor_objects.take_many(&neighbourhood(caller.address), measure.cost()),
        }
    }

    async fn execute_prepared(&self, request: Request, caller: Caller) -> Response {
        let (request_id, document) = (caller.request_id.clone(), request.query.clone());
        let viewer = caller.viewer.clone();
        // Taken before anything is resolved.
        let now = feed::FeedCursorNow(self.0.program.app.feed.head());
        let loaders = Loaders::new(&self.0.program.app, viewer.as_ref().map(Viewer::user));
        let request = request.data(now).data(loaders).data(caller);
        let request = match viewer {
            Some(viewer) => request.data(viewer),
            None => request,
        };
        let response = AssertUnwindSafe(self.0.schema.execute(request)).catch_unwind().await;
        let mut response = response.unwrap_or_else(|_| {
            let panicked = Error::Internal(anyhow::anyhow!("a resolver panicked"));
            Response::from_errors(vec![error::server_error(panicked)])
        });
        error::name_arguments(&mut response, &document);
        self.finished(response, &request_id)
    }

    fn finished(&self, mut response: Response, request_id: &str) -> Response {
        error::finish(&mut response, request_id);
        response
    }

    /// Counts that an event could not be resolved for a person; whether that is often enough to pass it.
    fn fails_for_good(&self, at: Cursor, person: UserId) -> bool {
        let key = (at.position, person);
        let tries = self.0.failures.get(&key).unwrap_or(0) + 1;
        self.0.failures.insert(key, tries);
        tries >= limits::EVENT_TRIES
    }
}

/// The schema as clients see it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    // The guard has counted before; these are a second line.
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_recursive_depth(limits::QUERY_LEVELS)
        .limit_directives(limits::QUERY_DIRECTIVES)
        // The library's type for lists is the same for all of them, so what is in them is told here.
        .override_output_type_description::<accounts::UserList>("A page of people.")
        .override_output_type_description::<List<conversations::Member>>("A page of a conversation's members.")
        .override_output_type_description::<List<conversations::Conversation>>("A page of conversations.")
        .override_output_type_description::<List<messages::Message>>(
            "A page of messages: of a history, oldest to newest, or of what a search finds.",
        )
}

/// The parser shows the whole line, which may be the whole document, and says in the last line what it expected. That
/// is enough: the place is in `locations`.
fn no_document(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("\n") {
        error.message = format!("this is not GraphQL: {}", expected.trim_start_matches([' ', '=']));
    }
    with_code(error, PARSE_FAILED)
}

fn invalid(problem: impl std::fmt::Display) -> ServerError {
    with_code(ServerError::new(problem.to_string(), None), VALIDATION_FAILED)
}

fn refused(refusal: guard::Refusal) -> ServerError {
    match refusal {
        guard::Refusal::TooMuch { .. } => error::server_error(Error::QueryTooComplex(refusal.to_string())),
        guard::Refusal::Circular { .. } => invalid(refusal),
    }
}

fn with_code(mut error: ServerError, code: &'static str) -> ServerError {
    let mut extensions = error.extensions.take().unwrap_or_default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

/// A piece of JSON, shared by all who send it.
pub type Json = Arc<str>;

fn json(value: &impl Serialize) -> Json {
    // Maps with string keys and lists of them: there is nothing in a response that JSON can't hold.
    serde_json::to_string(value).expect("a response is JSON").into()
}
