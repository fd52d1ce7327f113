//! Errors as clients see them: a code, a helpful message, and never the cause.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, Value};

use crate::error::Error;
use crate::graphql::guard::QueryRefusal;

/// The error of a resolver. It deliberately has no `Display`: async-graphql would show the message of any error that
/// has one to clients, including database errors, without a code.
#[derive(Debug)]
pub struct Failure(pub Error);

/// What resolvers return.
pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

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

/// An error that does not belong to a field.
pub(super) fn server_error(error: Error) -> ServerError {
    let mut shown = ServerError::new(error.to_string(), None);
    shown.source = Some(Arc::new(error));
    shown
}

/// The standard code of a document with a syntax error.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The standard code of a document or variables that do not match the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// The code of the APQ protocol for a document that has to be sent along.
pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";

/// The code of an error, one of the schema's `ErrorCode`.
pub fn code(error: &Error) -> &'static str {
    match error {
        Error::BadUserInput { .. } => "BAD_USER_INPUT",
        Error::Unauthenticated => "UNAUTHENTICATED",
        Error::InvalidCredentials => "INVALID_CREDENTIALS",
        Error::EmailTaken => "EMAIL_TAKEN",
        Error::Forbidden | Error::SignUpClosed | Error::LocalSignInClosed => "FORBIDDEN",
        Error::NotFound => "NOT_FOUND",
        Error::RateLimited { .. } | Error::TooManyLiveObjects { .. } => "RATE_LIMITED",
        Error::QueryTooComplex(_) => "QUERY_TOO_COMPLEX",
        Error::PayloadTooLarge { .. } | Error::ImageTooLarge(_) => "PAYLOAD_TOO_LARGE",
        Error::UnsupportedImage(_) => "UNSUPPORTED_IMAGE",
        Error::CursorExpired => "CURSOR_EXPIRED",
        Error::ConsumerTaken => "CONSUMER_TAKEN",
        Error::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        Error::Internal(_) => "INTERNAL_SERVER_ERROR",
    }
}

/// The code of a response's first error, or `OK`.
pub(super) fn first_code(response: &Response) -> Cow<'static, str> {
    let Some(error) = response.errors.first() else { return Cow::Borrowed("OK") };
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => Cow::Owned(code.clone()),
        Some(_) | None => Cow::Borrowed(VALIDATION_FAILED),
    }
}

/// Maximum errors in a response: a document can cause thousands, and the first ones are enough.
const ERRORS: usize = 10;

/// Adds the code to every error of a response and logs the causes.
pub(super) fn finish(response: &mut Response, request_id: &str) {
    response.errors.truncate(ERRORS);
    for error in &mut response.errors {
        complete(error, request_id);
    }
}

/// Adds the extension `field` to the library's own errors about an argument, as ours have it. Their location is that of
/// the argument's value, which follows its name in the document.
pub(super) fn name_arguments(response: &mut Response, document: &str) {
    for error in &mut response.errors {
        let is_the_librarys = error.source.is_none() && error.extensions.is_none() && !error.path.is_empty();
        let value = error.locations.first().filter(|_| is_the_librarys);
        if let Some(name) = value.and_then(|value| argument_before(document, *value)) {
            error.extensions.get_or_insert_default().set("field", name);
        }
    }
}

/// The name in the `name: ` before a value. `None` if they are on different lines.
fn argument_before(document: &str, value: Pos) -> Option<&str> {
    let line = document.lines().nth(value.line.checked_sub(1)?)?;
    let (column, _) = line.char_indices().nth(value.column.checked_sub(1)?)?;
    let named = line[..column].trim_end().strip_suffix(':')?.trim_end();
    let name = named.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    name.filter(|name| !name.is_empty())
}

/// The error of a document with a syntax error. The parser's message quotes the whole line, which may be the whole
/// document; only its last line is kept, which says what it expected. The position is in `locations`.
pub(super) fn not_parsed(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("\n") {
        error.message = format!("syntax error: {}", expected.trim_start_matches([' ', '=']));
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

/// The error of a request that names its document by a hash that is not known. Clients look for this message or code.
pub(super) fn persisted_query_not_found() -> ServerError {
    with_code(ServerError::new("PersistedQueryNotFound", None), PERSISTED_QUERY_NOT_FOUND)
}

/// Whether nothing was executed: errors of the execution have a path.
pub fn is_request_error(response: &Response) -> bool {
    let no_path = response.errors.iter().all(|error| error.path.is_empty());
    !response.errors.is_empty() && no_path && response.data == Value::Null
}

/// Who is to blame for the errors of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The document.
    Document,
    /// The server, for now: its database is away, or it is overloaded. The same works later.
    Moment,
    /// The server, and perhaps it fails each time.
    Server,
}

/// Who is to blame for these errors. A defect counts also if something else passes.
pub(super) fn blame(response: &Response) -> Blame {
    let of = |error: &ServerError| match error.source::<Error>() {
        Some(Error::Internal(_)) => Blame::Server,
        Some(Error::Unavailable { .. }) => Blame::Moment,
        _ => Blame::Document,
    };
    let blamed: Vec<Blame> = response.errors.iter().map(of).collect();
    let worst = [Blame::Server, Blame::Moment].into_iter().find(|blame| blamed.contains(blame));
    worst.unwrap_or(Blame::Document)
}

fn complete(shown: &mut ServerError, request_id: &str) {
    let mut extensions = shown.extensions.take().unwrap_or_default();
    let source = shown.source.take();
    match source.as_deref().and_then(|source| source.downcast_ref::<Error>()) {
        Some(error) => write_extensions(error, &mut extensions, request_id),
        // Errors of the library have no source of ours, and a code only if the guard set one.
        None if extensions.get("code").is_some() => {}
        None if shown.path.is_empty() => {
            extensions.set("code", VALIDATION_FAILED);
            if let Some(argument) = one_of_argument(&shown.message) {
                extensions.set("field", argument);
                shown.message = one_of(argument);
            }
        }
        None => {
            extensions.set("code", "BAD_USER_INPUT");
            if let Some(input) = one_of_input(&shown.message) {
                shown.message = one_of(input);
            }
        }
    }
    shown.extensions = Some(extensions);
}

/// The inputs that are `@oneOf`.
const ONE_OF: [&str; 3] = ["ConversationRef", "ImageInput", "ReportTarget"];

/// The argument in the message of the library's validation about a `@oneOf`.
fn one_of_argument(message: &str) -> Option<&str> {
    let (argument, problem) = message.strip_prefix("Invalid value for argument \"")?.split_once("\", ")?;
    problem.starts_with("Oneof ").then_some(argument)
}

/// The input in the message of the library's execution about a `@oneOf` that has variables in it.
fn one_of_input(message: &str) -> Option<&str> {
    let (input, found) = message.strip_prefix("Expected input type \"")?.split_once("\", found ")?;
    (found.starts_with('{') && ONE_OF.contains(&input)).then_some(input)
}

fn one_of(what: &str) -> String {
    format!(
        "\"{what}\" takes exactly one of its fields, and one that is null counts as well: leave out those that you do not use"
    )
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
        // It succeeds when the client completes a subscription; a second is a guess.
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
        | Error::LocalSignInClosed
        | Error::NotFound
        | Error::QueryTooComplex(_)
        | Error::PayloadTooLarge { .. }
        | Error::ImageTooLarge(_)
        | Error::UnsupportedImage(_)
        | Error::CursorExpired
        | Error::ConsumerTaken => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::sdl;

    #[test]
    fn the_inputs_that_are_one_of_are_those_of_the_schema() {
        let sdl = sdl();
        let inputs = sdl.lines().filter_map(|line| line.strip_prefix("input ")?.strip_suffix(" @oneOf {"));
        assert_eq!(inputs.collect::<Vec<_>>(), ONE_OF);
    }
}
