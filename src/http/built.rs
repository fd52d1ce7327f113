//! The build of `web/`: embedded in release builds, read from the checkout in development.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use futures_util::stream;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{files, negotiate};

/// Bytes of a file that are unpacked at once.
const PIECE: usize = 16 * 1024;

#[derive(RustEmbed)]
#[folder = "web/dist"]
// The API works without pages.
#[allow_missing = true]
struct Built;

/// A file of the build.
pub(super) struct BuiltFile {
    file: EmbeddedFile,
    kind: String,
    /// The build leaves only the compressed form of what is worth it: with both, the program was 7 MB larger.
    is_gzip: bool,
}

impl BuiltFile {
    /// The bytes of a file that is not worth compressing.
    pub(super) fn content(&self) -> &[u8] {
        &self.file.data
    }
}

/// The file at a path of the build; `None` if it does not exist or must not be served.
pub(super) fn find(path: &str) -> Option<BuiltFile> {
    files::relative(path)?;
    let kind = match mime_guess::from_path(path).first_or_octet_stream() {
        text if text.type_() == mime_guess::mime::TEXT => format!("{text}; charset=utf-8"),
        other => other.to_string(),
    };
    let (file, is_gzip) = match Built::get(path) {
        Some(plain) => (plain, false),
        None => (Built::get(&format!("{path}.gz"))?, true),
    };
    Some(BuiltFile { file, kind, is_gzip })
}

/// A file with its type, or 304 if the browser has it already.
pub(super) fn send(BuiltFile { file, kind, is_gzip }: BuiltFile, headers: &HeaderMap) -> Response {
    // Weak, as the same tag is used for the plain and the compressed form.
    let tag = format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..16]));
    let is_sent_packed = is_gzip && negotiate::takes_gzip(headers);
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match file.data {
            data if is_gzip && !is_sent_packed => unpacked(data),
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        ([(CONTENT_TYPE, kind)], body).into_response()
    };
    if is_sent_packed {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if is_gzip {
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The plain form of a compressed file, for clients that are no browsers. Unpacked a piece at a time, as it is read: whoever
/// reads slowly keeps one piece in memory, and no file of 3 MB.
fn unpacked(packed: Cow<'static, [u8]>) -> Body {
    let mut gzip = GzDecoder::new(Cursor::new(packed));
    let pieces = std::iter::from_fn(move || {
        let mut piece = vec![0; PIECE];
        match gzip.read(&mut piece) {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some(Ok(piece))
            }
            Err(error) => Some(Err(error)),
        }
    });
    Body::from_stream(stream::iter(pieces))
}
