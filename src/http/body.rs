//! Reading a request's body, within bounds of size and time.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::limits;

/// The whole body, when it has at most so many bytes and arrives in time.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    refuse_declared(&body, limit)?;
    match timeout(limits::BODY_READ, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::too_large(limit)),
        Ok(Err(_)) => Err(Refusal::malformed("body", "the body ended before it was complete")),
        Err(_) => Err(Refusal::too_slow()),
    }
}

/// Refuses a body that says beforehand that it is too large, so that not a byte of it is read.
pub(super) fn refuse_declared(body: &Body, limit: usize) -> Result<(), Refusal> {
    match usize::try_from(body.size_hint().lower()) {
        Ok(declared) if declared <= limit => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::too_large(limit)),
    }
}
