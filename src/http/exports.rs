//! `/exports/…`: serves an archive of somebody's own data to anyone with its signed address.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use futures_util::StreamExt;

use super::answer::ResponseMedia;
use super::event_stream::GoesOn;
use super::ranges::{RangeAnswer, RangedBytes, value};
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::signed::{CROSS_ORIGIN_RESOURCE_POLICY, SentAddress};
use super::state::HttpState;
use crate::id::ExportId;
use crate::images::Address;

pub(super) async fn export(
    State(state): State<HttpState>,
    Extension(request_id): Extension<RequestId>,
    sent: SentAddress<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answer = find(&state, sent, &method, &headers).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(ResponseMedia::Json, &request_id))
}

async fn find(
    state: &HttpState,
    sent: SentAddress<String>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, HttpRefusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(HttpRefusal::method("GET, HEAD", "archives are fetched by GET"));
    }
    let program = state.api.program();
    let (id, expires) = sent.open(&program.images, |id| ExportId::parse(&id), Address::Export)?;
    let ready = program.exports.ready(id, expires).await?.ok_or_else(HttpRefusal::not_found)?;
    let bytes = RangedBytes { size: ready.bytes, tag: &ready.tag, headers: export_headers(&ready.file_name) };
    let part = match bytes.wanted(method, headers)? {
        RangeAnswer::Whole(response) => return Ok(response),
        RangeAnswer::Part(part) => part,
    };
    let content = program.exports.read(&ready, part.range()).await?.ok_or_else(HttpRefusal::not_found)?;
    // Whoever was not done when the server stops goes on with another one, by a range.
    let body = Body::from_stream(content.take_until(state.shutdown.clone().cancelled_owned()));
    let mut response = part.with(body);
    // Its connection is busy as long as it takes, and nothing comes after it.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.extensions_mut().insert(GoesOn);
    Ok(response)
}

/// It is saved, never shown, and kept by no cache.
fn export_headers(file_name: &str) -> HeaderMap {
    [
        (CONTENT_TYPE, HeaderValue::from_static("application/gzip")),
        (CONTENT_DISPOSITION, value(format!("attachment; filename=\"{file_name}\""))),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ]
    .into_iter()
    .collect()
}
