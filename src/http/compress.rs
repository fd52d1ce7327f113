//! Compresses answers of the API: JSON becomes about a fifth of its size.

use std::io::Write;
use std::ops::RangeInclusive;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, SET_COOKIE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use flate2::{Compression, GzBuilder};

use super::negotiate;

/// In bytes. Smaller answers fit into one packet anyway, larger ones would keep the thread from its other tasks.
const WORTHWHILE: RangeInclusive<usize> = 1_024..=512 * 1_024;

/// The length of a compressed answer says something about its content. Fewer than this many random bytes hide it from those who
/// can make people load their own words beside what they want to guess (BREACH, and how Django answers it).
const PADDING: usize = 100;

/// The answer as this client takes it. The whole body at once: a client that reads slowly holds its compressed bytes and no
/// state of the compression.
pub(super) async fn compressed(request: &HeaderMap, response: Response) -> Response {
    // An answer with a new token stays as it is: no other secret is worth as much, and its length reveals nothing.
    if response.headers().contains_key(SET_COOKIE) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    // The body of an answer is in memory already.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Response::from_parts(parts, Body::empty()) };
    if !WORTHWHILE.contains(&body.len()) || !negotiate::takes_gzip(request) {
        return Response::from_parts(parts, Body::from(body));
    }
    let Some(packed) = gzip(&body) else { return Response::from_parts(parts, Body::from(body)) };
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, Body::from(packed))
}

/// `None` without random numbers.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    // The name of a file in the header, which clients skip.
    let padding = vec![b'-'; usize::try_from(getrandom::u32().ok()?).ok()? % PADDING];
    let mut packer = GzBuilder::new().filename(padding).write(Vec::new(), Compression::fast());
    packer.write_all(body).ok()?;
    packer.finish().ok()
}
