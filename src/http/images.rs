//! `/images/…`: serves an image or its thumbnail to anyone with a signed address of it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;

use super::answer::ResponseMedia;
use super::ranges::{RangeAnswer, RangedBytes, value};
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::signed::{CROSS_ORIGIN_RESOURCE_POLICY, SentAddress};
use super::state::HttpState;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::ImageId;
use crate::images::{Address, ServedImage};

pub(super) async fn image(
    State(state): State<HttpState>,
    Extension(request_id): Extension<RequestId>,
    sent: SentAddress<(String, u32)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answer = find(&state, sent, &method, &headers).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(ResponseMedia::Json, &request_id))
}

async fn find(
    state: &HttpState,
    sent: SentAddress<(String, u32)>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, HttpRefusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(HttpRefusal::method("GET, HEAD", "images are fetched by GET"));
    }
    let images = &state.api.program().images;
    let parse = |(id, width): (String, u32)| Some((ImageId::parse(&id)?, width));
    let ((id, width), expires) = sent.open(images, parse, |(id, width)| Address::Image { id, width })?;
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

/// The headers of every image. They make it inert should a browser interpret the bytes differently from the decoder.
fn image_headers(served: &ServedImage, good_for: Duration) -> HeaderMap {
    let cache = format!("private, max-age={}, immutable", good_for.as_secs());
    let disposition = format!("inline; filename=\"{}\"", served.file_name);
    [
        (CONTENT_TYPE, HeaderValue::from_static(served.mime)),
        (CONTENT_DISPOSITION, value(disposition)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        // Pages of any origin may show images: the signature grants access.
        (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, value(cache)),
    ]
    .into_iter()
    .collect()
}
