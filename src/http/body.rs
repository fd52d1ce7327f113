//! Reads the bodies of requests, within limits of size and time.

use std::fs::File;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::{Stream, TryStreamExt};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::body_budget::BodyCharge;
use super::refusal::HttpRefusal;
use crate::error::Error;
use crate::limits;

/// The whole body, if it is not larger than `limit`, arrives in time, and fits the budget.
pub(super) async fn read(
    body: Body,
    limit: usize,
    mut charge: Option<&mut BodyCharge>,
) -> Result<Vec<u8>, HttpRefusal> {
    refuse_declared(&body, limit)?;
    let mut body = Limited::new(body, limit);
    let reading = async {
        // Copied: a piece is a slice of hyper's buffer and would keep all 8 KiB of it alive, even for a single byte.
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    let piece = frame.into_data().unwrap_or_default();
                    if let Some(charge) = &mut charge {
                        charge.grow(piece.len())?;
                    }
                    read.extend_from_slice(&piece);
                }
                Err(error) if error.is::<LengthLimitError>() => return Err(HttpRefusal::too_large(limit)),
                Err(_) => return Err(HttpRefusal::malformed("body", "the body ended before it was complete")),
            }
        }
        Ok(read)
    };
    timeout(limits::BODY_READ, reading).await.unwrap_or_else(|_| Err(HttpRefusal::too_slow()))
}

/// Whether the declared size of a body is so small that it is not charged.
pub(super) fn is_small(body: &Body) -> bool {
    body.size_hint().upper().is_some_and(|bytes| bytes <= limits::SMALL_BODY_BYTES as u64)
}

/// Writes a stream of at most `limit` bytes to a file; returns the number of bytes.
pub(super) async fn write(
    mut pieces: impl Stream<Item = Result<Bytes, HttpRefusal>> + Unpin,
    file: File,
    limit: u64,
) -> Result<u64, HttpRefusal> {
    let mut file = tokio::fs::File::from_std(file);
    let mut written = 0;
    while let Some(piece) = pieces.try_next().await? {
        written += piece.len() as u64;
        if written > limit {
            return Err(HttpRefusal::too_large(usize::try_from(limit).unwrap_or(usize::MAX)));
        }
        file.write_all(&piece).await.map_err(not_written)?;
    }
    file.flush().await.map_err(not_written)?;
    Ok(written)
}

fn not_written(error: std::io::Error) -> HttpRefusal {
    tracing::error!(%error, "an upload could not be written to its file");
    Error::unavailable().into()
}

/// Refuses a body whose declared size is too large, before a byte of it is read.
pub(super) fn refuse_declared(body: &Body, limit: usize) -> Result<(), HttpRefusal> {
    match usize::try_from(body.size_hint().lower()) {
        Ok(declared) if declared <= limit => Ok(()),
        Ok(_) | Err(_) => Err(HttpRefusal::too_large(limit)),
    }
}
