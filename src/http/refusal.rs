//! Requests that are refused before they are executed, answered as errors of GraphQL.

use std::borrow::Cow;
use std::time::Duration;

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::answer::{self, ResponseMedia};
use super::request_id::RequestId;
use crate::error::Error;
use crate::graphql;
use crate::limits;

/// Why a request is not executed: a status of HTTP for proxies, and an error of the API for the client.
#[derive(Debug)]
pub(super) struct HttpRefusal {
    status: StatusCode,
    error: Error,
    /// Instead of the error's own message.
    message: Option<&'static str>,
    /// The methods that are allowed.
    allow: Option<&'static str>,
    /// How many bytes there are, of which other ones were asked for.
    size: Option<u64>,
    /// Whether the connection is closed, because the rest of the body was not read.
    closes: bool,
}

impl HttpRefusal {
    fn new(status: StatusCode, error: Error) -> Self {
        let closes = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE);
        Self { status, error, message: None, allow: None, size: None, closes }
    }

    /// An invalid request. `field` is a parameter, a header, or the body.
    fn input(status: StatusCode, field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, Error::input(field, message))
    }

    /// A request that is not well-formed.
    pub(super) fn malformed(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::input(StatusCode::BAD_REQUEST, field, message)
    }

    pub(super) fn method(allow: &'static str, message: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::input(StatusCode::METHOD_NOT_ALLOWED, "method", message) }
    }

    pub(super) fn not_acceptable() -> Self {
        let message = "accept application/graphql-response+json, application/json or text/event-stream";
        Self::input(StatusCode::NOT_ACCEPTABLE, "accept", message)
    }

    pub(super) fn media_type(header: &'static str, message: &'static str) -> Self {
        Self::input(StatusCode::UNSUPPORTED_MEDIA_TYPE, header, message)
    }

    pub(super) fn forbidden(message: &'static str) -> Self {
        Self { message: Some(message), ..Self::new(StatusCode::FORBIDDEN, Error::Forbidden) }
    }

    /// For another server than this one, as far as this one knows its own names.
    pub(super) fn misdirected() -> Self {
        let message = "this server does not go by the name in the Host header: its operator lists its names in \
            PUBLIC_URL or ALLOWED_HOSTS";
        Self::input(StatusCode::MISDIRECTED_REQUEST, "host", message)
    }

    /// A range that is not of these many bytes.
    pub(super) fn unsatisfiable(size: u64) -> Self {
        Self { size: Some(size), ..Self::input(StatusCode::RANGE_NOT_SATISFIABLE, "range", "there are no such bytes") }
    }

    pub(super) fn not_found() -> Self {
        Self { message: Some("there is nothing at this address"), ..Self::new(StatusCode::NOT_FOUND, Error::NotFound) }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Error::PayloadTooLarge { limit })
    }

    /// The line's fault, and worth another try.
    pub(super) fn too_slow() -> Self {
        let message = Some("the request took too long to arrive");
        Self { message, ..Self::new(StatusCode::REQUEST_TIMEOUT, Error::unavailable()) }
    }

    /// No room for the request, which was not looked at. Its connection ends with it.
    pub(super) fn overloaded(message: &'static str) -> Self {
        let error = Error::Unavailable { retry_after: limits::OVERLOAD_RETRY };
        Self { message: Some(message), closes: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error) }
    }

    /// The code of its error.
    pub(super) fn code(&self) -> &'static str {
        graphql::code(&self.error)
    }

    /// When it is worth another try; `None` if the same request would be refused again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match &self.error {
            Error::RateLimited { retry_after } | Error::Unavailable { retry_after } => Some(*retry_after),
            Error::Internal(_) | Error::TooManyLiveObjects { .. } => Some(limits::EVENT_STREAM_RETRY),
            _ => None,
        }
    }

    pub(super) fn into_response(self, media: ResponseMedia, id: &RequestId) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(size) = self.size {
            headers.insert(CONTENT_RANGE, answer::bytes_of(size));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        match &self.error {
            Error::Unauthenticated => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Error::RateLimited { retry_after } | Error::Unavailable { retry_after } => {
                headers.insert(RETRY_AFTER, answer::retry_after(*retry_after));
            }
            _ => {}
        }
        let mut extensions = ErrorExtensionValues::default();
        graphql::write_extensions(&self.error, &mut extensions, &id.to_string());
        let mut error = ServerError::new(self.message.map_or_else(|| self.error.to_string(), str::to_owned), None);
        error.extensions = Some(extensions);
        answer::error(self.status, media, headers, error)
    }
}

/// What stands in the way of executing anything.
impl From<Error> for HttpRefusal {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Unauthenticated => StatusCode::UNAUTHORIZED,
            Error::RateLimited { .. } | Error::TooManyLiveObjects { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Error::PayloadTooLarge { .. } | Error::ImageTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Forbidden | Error::SignUpClosed | Error::LocalSignInClosed => StatusCode::FORBIDDEN,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::BadUserInput { .. }
            | Error::InvalidCredentials
            | Error::EmailTaken
            | Error::QueryTooComplex(_)
            | Error::UnsupportedImage(_)
            | Error::CursorExpired
            | Error::ConsumerTaken => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error)
    }
}
