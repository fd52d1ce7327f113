//! The build of `web/`: in a release inside of the program, in development read from the checkout as it is.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::files;

#[derive(RustEmbed)]
#[folder = "web/dist"]
// The API needs no pages.
#[allow_missing = true]
struct Built;

/// The file at a path of the build; `None` for what is not there or not meant to be served.
pub(super) fn find(path: &str) -> Option<EmbeddedFile> {
    files::relative(path)?;
    Built::get(path)
}

/// A file with its type, or word that the browser has it already.
pub(super) fn send(file: EmbeddedFile, headers: &HeaderMap) -> Response {
    // Weak, as it goes compressed or not.
    let tag = format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = match file.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.to_owned(),
        };
        let body = match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        ([(CONTENT_TYPE, kind)], body).into_response()
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
