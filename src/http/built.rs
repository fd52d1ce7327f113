//! The build of `web/`: embedded in release builds, read from the checkout in development.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{files, negotiate};

#[derive(RustEmbed)]
#[folder = "web/dist"]
// The API works without pages.
#[allow_missing = true]
struct Built;

/// A file of the build, and its compressed form if the build made one.
pub(super) struct BuiltFile {
    plain: EmbeddedFile,
    gzip: Option<EmbeddedFile>,
}

impl BuiltFile {
    pub(super) fn content(&self) -> &[u8] {
        &self.plain.data
    }
}

/// The file at a path of the build; `None` if it does not exist or must not be served.
pub(super) fn find(path: &str) -> Option<BuiltFile> {
    files::relative(path)?;
    Some(BuiltFile { plain: Built::get(path)?, gzip: Built::get(&format!("{path}.gz")) })
}

/// A file with its type, or 304 if the browser has it already.
pub(super) fn send(BuiltFile { plain, gzip }: BuiltFile, headers: &HeaderMap) -> Response {
    // Weak, as the same tag is used for the plain and the compressed form.
    let tag = format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&plain.metadata.sha256_hash()[..16]));
    let is_choice = gzip.is_some();
    let (data, is_gzip) = match gzip {
        Some(file) if negotiate::takes_gzip(headers) => (file.data, true),
        Some(_) | None => (plain.data, false),
    };
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = match plain.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.to_owned(),
        };
        let body = match data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        ([(CONTENT_TYPE, kind)], body).into_response()
    };
    if is_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if is_choice {
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
