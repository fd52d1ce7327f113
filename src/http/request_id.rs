//! The id of each request, and whom it comes from.

use std::fmt;

use axum::http::HeaderValue;
use axum::http::header::HeaderName;
use uuid::Uuid;

use super::client_address::ClientAddress;

/// The response header with the request's id.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request in the log and in answers: always a new UUIDv7, even if the client has sent an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(Uuid);

/// Whom a request comes from, and by which name the log knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestSource {
    pub(super) id: RequestId,
    pub(super) client: ClientAddress,
}

impl RequestId {
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// As the header's value.
    pub(super) fn to_header(self) -> HeaderValue {
        let mut text = Uuid::encode_buffer();
        HeaderValue::from_str(self.0.hyphenated().encode_lower(&mut text)).expect("a UUID is ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
