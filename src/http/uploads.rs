//! `/uploads/…`: clients PUT the bytes of an image here, unless images are stored in a bucket.

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use tokio::time::timeout;

use super::answer::ResponseMedia;
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::signed::SentAddress;
use super::state::HttpState;
use super::{body, cookies, credential};
use crate::error::Error;
use crate::id::UploadId;
use crate::images::{Address, UploadSlot};
use crate::limits;

pub(super) async fn upload(
    State(state): State<HttpState>,
    Extension(request_id): Extension<RequestId>,
    sent: SentAddress<String>,
    request: Request,
) -> Response {
    let answer = put(&state, sent, request).await;
    answer.unwrap_or_else(|refusal| refusal.into_response(ResponseMedia::Json, &request_id))
}

async fn put(state: &HttpState, sent: SentAddress<String>, request: Request) -> Result<Response, HttpRefusal> {
    if request.method() != Method::PUT {
        return Err(HttpRefusal::method("PUT", "the bytes of an image are sent by PUT"));
    }
    let headers = request.headers();
    // The signature grants access. But the page of another origin that got hold of one must not have its visitors
    // upload.
    let credential = credential::credential(headers, cookies::name(state.config().app_env));
    state.origins.check_post(headers, credential.map(|credential| credential.source))?;
    let images = &state.api.program().images;
    let (id, _) = sent.open(images, |id| UploadId::parse(&id), Address::Upload)?;
    let slot = images.open_slot(id).await.map_err(full)?;
    let mime = headers.get(CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default();
    if !mime.trim().eq_ignore_ascii_case(slot.mime_type()) {
        return Err(HttpRefusal::media_type("content-type", "send the type that was given to createImageUpload"));
    }
    let taken = timeout(limits::UPLOAD_READ, take(slot, request.into_body())).await;
    taken.unwrap_or_else(|_| Err(HttpRefusal::too_slow()))?;
    Ok(StatusCode::OK.into_response())
}

async fn take(slot: UploadSlot, content: Body) -> Result<(), HttpRefusal> {
    let size = slot.byte_size();
    body::refuse_declared(&content, usize::try_from(size).unwrap_or(usize::MAX))?;
    let (file, writer) = slot.file()?;
    let cut = |_| HttpRefusal::malformed("body", "the body ended before it was complete");
    let written = body::write(content.into_data_stream().map_err(cut), writer, size).await?;
    if written != size {
        return Err(HttpRefusal::malformed("body", "send as many bytes as were announced to createImageUpload"));
    }
    slot.fill(&file).await.map_err(full)
}

fn full(error: Error) -> HttpRefusal {
    match error {
        Error::Forbidden => HttpRefusal::forbidden("this URL was already used: it accepts one PUT"),
        other => other.into(),
    }
}
