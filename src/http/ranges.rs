//! Answers with bytes that never change under their entity tag, all of them or a range (RFC 9110, 13 and 14).

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::refusal::HttpRefusal;

/// Bytes that somebody asks for.
pub(super) struct RangedBytes<'a> {
    /// How many there are.
    pub(super) size: u64,
    /// Their entity tag.
    pub(super) tag: &'a str,
    /// Headers of every answer with them.
    pub(super) headers: HeaderMap,
}

/// What is answered.
pub(super) enum RangeAnswer {
    /// All there is to say.
    Whole(Response),
    /// Bytes that are still to be read.
    Part(RangePart),
}

/// A range of bytes to answer with.
pub(super) struct RangePart {
    range: Range<u64>,
    head: (StatusCode, HeaderMap),
}

impl RangePart {
    /// Which bytes.
    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The answer, with them as its body.
    pub(super) fn with(self, body: Body) -> Response {
        let (status, headers) = self.head;
        (status, headers, body).into_response()
    }
}

impl RangedBytes<'_> {
    /// What a GET or HEAD with these headers gets.
    pub(super) fn wanted(mut self, method: &Method, asked: &HeaderMap) -> Result<RangeAnswer, HttpRefusal> {
        self.headers.insert(ETAG, value(quoted(self.tag)));
        self.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if is_known(asked, self.tag) {
            return Ok(RangeAnswer::Whole((StatusCode::NOT_MODIFIED, self.headers).into_response()));
        }
        // Of a HEAD a range means nothing (RFC 9110, 14.2).
        let part = if *method == Method::GET { wanted(asked, self.tag, self.size) } else { None };
        let (status, range) = match part {
            None => (StatusCode::OK, 0..self.size),
            Some(Ok(range)) => (StatusCode::PARTIAL_CONTENT, range),
            Some(Err(())) => return Err(HttpRefusal::unsatisfiable(self.size)),
        };
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        if status == StatusCode::PARTIAL_CONTENT {
            let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, self.size);
            self.headers.insert(CONTENT_RANGE, value(content_range));
        }
        Ok(match *method {
            Method::HEAD => RangeAnswer::Whole((status, self.headers, Body::empty()).into_response()),
            _ => RangeAnswer::Part(RangePart { range, head: (status, self.headers) }),
        })
    }
}

/// A header of ours.
pub(super) fn value(text: String) -> HeaderValue {
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

/// The bytes that are asked for: all of them where it is not one range, or the client's other bytes are of something else
/// (RFC 9110, 14.2 and 13.1.5).
fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Option<Result<Range<u64>, ()>> {
    let range = headers.get(RANGE)?.to_str().ok()?;
    if headers.get(IF_RANGE).is_some_and(|known| known.as_bytes() != quoted(tag).as_bytes()) {
        return None;
    }
    let ranges = http_range_header::parse_range_header(range).ok()?;
    match ranges.validate(size) {
        Ok(ranges) => match ranges.as_slice() {
            [range] => Some(Ok(*range.start()..*range.end() + 1)),
            _ => None,
        },
        Err(_) => Some(Err(())),
    }
}
