//! `/images/…`: serves an image or its thumbnail to anyone with a signed address of it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use serde::Deserialize;

use super::answer::ResponseMedia;
use super::ranges::{RangeAnswer, RangedBytes, value};
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::state::HttpState;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::ImageId;
use crate::images::{Address, ServedImage};

/// The signature of an address.
#[derive(Deserialize)]
pub(super) struct Signature {
    pub(super) expires: i64,
    pub(super) signature: String,
}

/// Pages of any origin may show images: the signature grants access.
pub(super) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

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
    let bytes = RangedBytes { size: served.bytes, tag: &served.tag, headers: image_headers(&served, good_for) };
    match bytes.wanted(method, headers)? {
        RangeAnswer::Whole(response) => Ok(response),
        RangeAnswer::Part(part) => {
            let content = images.read(&served, part.range()).await?;
            let content = content
                .ok_or_else(|| Error::Internal(anyhow::anyhow!("the object of the image {id} is not in the store")))?;
            Ok(part.with(Body::from_stream(content)))
        }
    }
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
    ]
    .into_iter()
    .collect()
}
