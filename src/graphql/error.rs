//! Errors as clients see them: a code of the contract, a message that helps, and never a cause.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError};

use crate::error::Error;
use crate::graphql::guard::QueryRefusal;

/// The error of a resolver. It deliberately has no `Display`: async-graphql would make a message for all to read of
/// any error that has one, a database's included, without a code.
#[derive(Debug)]
pub struct Failure(pub Error);

/// What resolvers return.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(Failure(error): Failure) -> Self {
        let mut shown = Self::new(error.to_string());
        shown.source = Some(Arc::new(error));
        shown
    }
}

/// An error outside of any field.
pub fn server_error(error: Error) -> ServerError {
    let mut shown = ServerError::new(error.to_string(), None);
    shown.source = Some(Arc::new(error));
    shown
}

/// The standard code of a document that is no GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The standard code of a document or of variables that do not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// The code of an error, of the contract's `ErrorCode`.
pub fn code(error: &Error) -> &'static str {
    match error {
        Error::BadUserInput { .. } => "BAD_USER_INPUT",
        Error::Unauthenticated => "UNAUTHENTICATED",
        Error::InvalidCredentials => "INVALID_CREDENTIALS",
        Error::EmailTaken => "EMAIL_TAKEN",
        Error::Forbidden | Error::SignUpClosed => "FORBIDDEN",
        Error::NotFound => "NOT_FOUND",
        Error::RateLimited { .. } | Error::TooManyLiveObjects { .. } => "RATE_LIMITED",
        Error::QueryTooComplex(_) => "QUERY_TOO_COMPLEX",
        Error::PayloadTooLarge { .. } | Error::ImageTooLarge(_) => "PAYLOAD_TOO_LARGE",
        Error::UnsupportedImage(_) => "UNSUPPORTED_IMAGE",
        Error::CursorExpired => "CURSOR_EXPIRED",
        Error::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        Error::Internal(_) => "INTERNAL_SERVER_ERROR",
    }
}

/// Errors that an answer has at most: a document can make thousands, and the first ones tell what is wrong.
const ERRORS: usize = 10;

/// Gives every error of a response its code and logs the causes. This is where errors stop travelling.
pub fn finish(response: &mut Response, request_id: &str) {
    response.errors.truncate(ERRORS);
    for error in &mut response.errors {
        dress(error, request_id);
    }
}

/// Gives the library's own errors about an argument the `field` that ours have. It says where the argument's value stands
/// in the document: behind its name.
pub fn name_arguments(response: &mut Response, document: &str) {
    for error in &mut response.errors {
        let is_the_librarys = error.source.is_none() && error.extensions.is_none() && !error.path.is_empty();
        let value = error.locations.first().filter(|_| is_the_librarys);
        if let Some(name) = value.and_then(|value| argument_before(document, *value)) {
            error.extensions.get_or_insert_default().set("field", name);
        }
    }
}

/// The name in the `name: ` that ends where a value begins. `None` where the two stand on different lines.
fn argument_before(document: &str, value: Pos) -> Option<&str> {
    let line = document.lines().nth(value.line.checked_sub(1)?)?;
    let (column, _) = line.char_indices().nth(value.column.checked_sub(1)?)?;
    let named = line[..column].trim_end().strip_suffix(':')?.trim_end();
    let name = named.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    name.filter(|name| !name.is_empty())
}

/// The parser shows the whole line, which may be the whole document, and says in the last line what it expected. That
/// is enough: the place is in `locations`.
pub(super) fn not_parsed(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("\n") {
        error.message = format!("this is not GraphQL: {}", expected.trim_start_matches([' ', '=']));
    }
    with_code(error, PARSE_FAILED)
}

pub(super) fn invalid(problem: impl std::fmt::Display) -> ServerError {
    with_code(ServerError::new(problem.to_string(), None), VALIDATION_FAILED)
}

pub(super) fn refused(refusal: QueryRefusal) -> ServerError {
    match refusal {
        QueryRefusal::TooMuch { .. } => server_error(Error::QueryTooComplex(refusal.to_string())),
        QueryRefusal::Circular { .. } => invalid(refusal),
    }
}

fn with_code(mut error: ServerError, code: &'static str) -> ServerError {
    let mut extensions = error.extensions.take().unwrap_or_default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

/// Whether nothing was executed: what fails while it is executed has a path.
pub fn is_request_error(response: &Response) -> bool {
    let no_path = response.errors.iter().all(|error| error.path.is_empty());
    !response.errors.is_empty() && no_path && response.data == async_graphql::Value::Null
}

/// Whether anything failed for a reason of ours, passing or not.
pub fn is_our_fault(response: &Response) -> bool {
    response
        .errors
        .iter()
        .any(|error| matches!(error.source::<Error>(), Some(Error::Internal(_) | Error::Unavailable { .. })))
}

fn dress(shown: &mut ServerError, request_id: &str) {
    let mut extensions = shown.extensions.take().unwrap_or_default();
    let source = shown.source.take();
    match source.as_deref().and_then(|source| source.downcast_ref::<Error>()) {
        Some(error) => write_extensions(error, &mut extensions, request_id),
        // The library's own errors have no source of ours, and a code only where the guard gave one.
        None if extensions.get("code").is_some() => {}
        None if shown.path.is_empty() => extensions.set("code", VALIDATION_FAILED),
        None => extensions.set("code", "BAD_USER_INPUT"),
    }
    shown.extensions = Some(extensions);
}

/// Writes what clients see of an error beside its message: the code, and what goes with it. The cause of an internal
/// error is logged.
pub fn write_extensions(error: &Error, extensions: &mut ErrorExtensionValues, request_id: &str) {
    extensions.set("code", code(error));
    match error {
        Error::BadUserInput { field, .. } => extensions.set("field", field.as_ref()),
        Error::RateLimited { retry_after } | Error::Unavailable { retry_after } => {
            extensions.set("retryAfterMs", u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX));
        }
        // Whenever one of them is completed: soon is as good a guess as any.
        Error::TooManyLiveObjects { .. } => extensions.set("retryAfterMs", 1_000),
        Error::Internal(cause) => {
            extensions.set("requestId", request_id);
            tracing::error!(request.id = request_id, "a request failed: {cause:#}");
        }
        Error::Unauthenticated
        | Error::InvalidCredentials
        | Error::EmailTaken
        | Error::Forbidden
        | Error::SignUpClosed
        | Error::NotFound
        | Error::QueryTooComplex(_)
        | Error::PayloadTooLarge { .. }
        | Error::ImageTooLarge(_)
        | Error::UnsupportedImage(_)
        | Error::CursorExpired => {}
    }
}
