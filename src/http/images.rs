//! `/images/…`: serves an image or its thumbnail to anyone with a signed address of it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE, REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::answer::ResponseMedia;
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::state::HttpState;
use crate::clock::Timestamp;
use crate::id::ImageId;
use crate::images::{Address, ServedImage};

/// The signature of an address.
#[derive(Deserialize)]
pub(super) struct Signature {
    pub(super) expires: i64,
    pub(super) signature: String,
}

/// Pages of any origin may show images: the signature grants access.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(super) async fn image(
    State(state): State<HttpState>,
    Extension(request_id): Extension<RequestId>,
    path: Result<Path<(String, u32)>, PathRejection>,
    signature: Result<Query<Signature>, QueryRejection>,
    request: Request,
) -> Response {
    let answer = find(&state, path.ok(), signature.ok(), request.method(), request.headers()).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(ResponseMedia::Json, &request_id))
}

async fn find(
    state: &HttpState,
    path: Option<Path<(String, u32)>>,
    signature: Option<Query<Signature>>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, HttpRefusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(HttpRefusal::method("GET, HEAD", "images are fetched by GET"));
    }
    let images = &state.api.program().images;
    let (Some(Path((id, width))), Some(Query(Signature { expires, signature }))) = (path, signature) else {
        return Err(not_ours());
    };
    // A malformed id gets the same answer as an address that was not signed.
    let id = ImageId::parse(&id).ok_or_else(not_ours)?;
    if !images.is_signed(Address::Image { id, width }, expires, &signature) {
        return Err(not_ours());
    }
    let served = images.served(id, width).await?.ok_or_else(HttpRefusal::not_found)?;
    let good_for = Timestamp(expires.saturating_mul(1000)).since(state.api.program().app.clock.now());
    let image_headers = image_headers(&served, good_for);

    if is_known(headers, &served.tag) {
        return Ok((StatusCode::NOT_MODIFIED, image_headers).into_response());
    }
    let (status, range) = match wanted(headers, &served) {
        None => (StatusCode::OK, 0..served.bytes),
        Some(Ok(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Err(())) => return Err(HttpRefusal::unsatisfiable()),
    };
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from_stream(images.read(&served, range.clone()).await?),
    };
    let mut response = (status, image_headers, body).into_response();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if status == StatusCode::PARTIAL_CONTENT {
        let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, served.bytes);
        response.headers_mut().insert(CONTENT_RANGE, value(content_range));
    }
    Ok(response)
}

/// The same refusal for forged, altered and expired addresses, so that it does not reveal which one it is.
pub(super) fn not_ours() -> HttpRefusal {
    HttpRefusal::forbidden("this address is not good, or no longer: ask the API for another one")
}

/// The headers of every image. They make it inert should a browser interpret the bytes differently from the decoder.
fn image_headers(served: &ServedImage, good_for: Duration) -> HeaderMap {
    let cache = format!("private, max-age={}, immutable", good_for.as_secs());
    let disposition = format!("inline; filename=\"{}\"", served.file_name);
    [
        (CONTENT_TYPE, HeaderValue::from_static(served.mime)),
        (CONTENT_DISPOSITION, value(disposition)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, value(cache)),
        (ETAG, value(quoted(&served.tag))),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ]
    .into_iter()
    .collect()
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("ids, numbers and types are ASCII")
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// Whether the client has it already (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let tag = quoted(tag);
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The bytes that are asked for: all of them where it is not one range, or the client's other bytes are of another image
/// (RFC 9110, 14.2 and 13.1.5).
fn wanted(headers: &HeaderMap, served: &ServedImage) -> Option<Result<std::ops::Range<u64>, ()>> {
    let range = headers.get(RANGE)?.to_str().ok()?;
    if headers.get(IF_RANGE).is_some_and(|known| known.as_bytes() != quoted(&served.tag).as_bytes()) {
        return None;
    }
    let ranges = http_range_header::parse_range_header(range).ok()?;
    match ranges.validate(served.bytes) {
        Ok(ranges) => match ranges.as_slice() {
            [range] => Some(Ok(*range.start()..*range.end() + 1)),
            _ => None,
        },
        Err(_) => Some(Err(())),
    }
}
