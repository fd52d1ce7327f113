//! Reading a request's body, within bounds of size and time.

use std::fs::File;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::{Stream, TryStreamExt};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::error::Error;
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

/// Writes what comes to a file, when it is at most so much; how much it was.
pub(super) async fn write(
    mut pieces: impl Stream<Item = Result<Bytes, Refusal>> + Unpin,
    file: File,
    limit: u64,
) -> Result<u64, Refusal> {
    let mut file = tokio::fs::File::from_std(file);
    let mut written = 0;
    while let Some(piece) = pieces.try_next().await? {
        written += piece.len() as u64;
        if written > limit {
            return Err(Refusal::too_large(usize::try_from(limit).unwrap_or(usize::MAX)));
        }
        file.write_all(&piece).await.map_err(not_written)?;
    }
    file.flush().await.map_err(not_written)?;
    Ok(written)
}

fn not_written(error: std::io::Error) -> Refusal {
    tracing::error!(%error, "an upload could not be written to its file");
    Error::unavailable().into()
}

/// Refuses a body that says beforehand that it is too large, so that not a byte of it is read.
pub(super) fn refuse_declared(body: &Body, limit: usize) -> Result<(), Refusal> {
    match usize::try_from(body.size_hint().lower()) {
        Ok(declared) if declared <= limit => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::too_large(limit)),
    }
}
