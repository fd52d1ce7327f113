//! Turns an answer of the schema into an HTTP response: status, type and body.

use std::time::Duration;

use async_graphql::{ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::graphql::{PERSISTED_QUERY_NOT_FOUND, is_request_error, to_json};

/// The two media types of GraphQL over HTTP. They differ in the status of a request that can't be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseMedia {
    /// The status shows whether the request could be executed.
    GraphqlResponse,
    /// The older type, with status 200 for every well-formed request; also the default without `Accept`.
    Json,
}

impl ResponseMedia {
    fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The body of an answer to a request that was not executed: it has no `data`.
#[derive(Serialize)]
struct ErrorBody<'a> {
    errors: &'a [ServerError],
}

/// The answer of HTTP to a response of the schema, with its headers, cookies among them.
pub(super) fn answer(media: ResponseMedia, response: async_graphql::Response) -> Response {
    if !is_request_error(&response) {
        let answer = match response.data {
            // The library's own type, wherever it can be used.
            Value::Null => GraphQLResponse::from(response).into_response(),
            // Parts of the data may be JSON already: bytes, which the library would write as a list of numbers.
            _ => {
                let body = to_json(&response);
                (response.http_headers, body).into_response()
            }
        };
        return finish(media, answer);
    }
    let mut headers = response.http_headers;
    let status = refused(media, &response.errors, &mut headers);
    send(status, media, headers, &response.errors)
}

/// An answer that has an error and nothing else.
pub(super) fn error(status: StatusCode, media: ResponseMedia, headers: HeaderMap, error: ServerError) -> Response {
    send(status, media, headers, &[error])
}

/// The `Content-Range` of an answer without any of so many bytes.
pub(super) fn bytes_of(size: u64) -> HeaderValue {
    HeaderValue::try_from(format!("bytes */{size}")).expect("numbers are ASCII")
}

/// `Retry-After` knows whole seconds only.
pub(super) fn retry_after(time: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX))
}

fn send(status: StatusCode, media: ResponseMedia, headers: HeaderMap, errors: &[ServerError]) -> Response {
    // Maps with string keys, lists and plain values: all of it can be JSON.
    let body = serde_json::to_vec(&ErrorBody { errors }).expect("errors are JSON");
    finish(media, (status, headers, body).into_response())
}

fn finish(media: ResponseMedia, mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The status of a request that was not executed. Capacity and faults are no matter of GraphQL: they have theirs
/// in both types.
fn refused(media: ResponseMedia, errors: &[ServerError], headers: &mut HeaderMap) -> StatusCode {
    let extension = |name| errors.iter().find_map(|error| error.extensions.as_ref()?.get(name));
    if let Some(Value::Number(ms)) = extension("retryAfterMs") {
        headers.insert(RETRY_AFTER, retry_after(Duration::from_millis(ms.as_u64().unwrap_or(0))));
    }
    let code = match extension("code") {
        Some(Value::String(code)) => code,
        _ => "",
    };
    match (code, media) {
        ("RATE_LIMITED", _) => StatusCode::TOO_MANY_REQUESTS,
        ("SERVICE_UNAVAILABLE", _) => StatusCode::SERVICE_UNAVAILABLE,
        ("INTERNAL_SERVER_ERROR", _) => StatusCode::INTERNAL_SERVER_ERROR,
        // As Apollo's server: the client sends the document along, and nothing is wrong.
        (PERSISTED_QUERY_NOT_FOUND, _) => StatusCode::OK,
        (_, ResponseMedia::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (_, ResponseMedia::Json) => StatusCode::OK,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ErrorExtensionValues, PathSegment, value};
    use axum::body::to_bytes;

    use super::*;

    fn error(code: &str, path: Vec<PathSegment>) -> ServerError {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code);
        extensions.set("retryAfterMs", 1001);
        let mut error = ServerError::new("no", None);
        (error.extensions, error.path) = (Some(extensions), path);
        error
    }

    async fn status_and_body(media: ResponseMedia, response: async_graphql::Response) -> (u16, String) {
        let response = answer(media, response);
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_request_that_was_not_executed_has_no_data_and_a_status_of_its_type() {
        for (code, graphql, json) in [
            ("BAD_USER_INPUT", 400, 200),
            ("GRAPHQL_PARSE_FAILED", 400, 200),
            ("QUERY_TOO_COMPLEX", 400, 200),
            ("PERSISTED_QUERY_NOT_FOUND", 200, 200),
            ("RATE_LIMITED", 429, 429),
            ("SERVICE_UNAVAILABLE", 503, 503),
            ("INTERNAL_SERVER_ERROR", 500, 500),
        ] {
            for (media, expected) in [(ResponseMedia::GraphqlResponse, graphql), (ResponseMedia::Json, json)] {
                let response = async_graphql::Response::from_errors(vec![error(code, vec![])]);
                let (status, body) = status_and_body(media, response).await;
                assert_eq!(status, expected, "{code} {media:?}");
                assert!(body.starts_with(r#"{"errors":[{"message":"no""#) && !body.contains("data"), "{body}");
            }
        }
    }

    #[tokio::test]
    async fn an_executed_request_has_data_and_a_success_status() {
        let failed = error("NOT_FOUND", vec![PathSegment::Field("a".to_owned())]);
        for (errors, data, body) in
            [(vec![], value!({ "a": 1 }), r#"{"data":{"a":1}}"#), (vec![failed], Value::Null, r#""data":null}"#)]
        {
            for media in [ResponseMedia::GraphqlResponse, ResponseMedia::Json] {
                let mut response = async_graphql::Response::new(data.clone());
                response.errors = errors.clone();
                let (status, text) = status_and_body(media, response).await;
                assert!(status == 200 && text.ends_with(body), "{status} {text}");
            }
        }
    }

    #[test]
    fn retry_after_is_in_seconds_rounded_up() {
        let response = async_graphql::Response::from_errors(vec![error("RATE_LIMITED", vec![])]);
        assert_eq!(answer(ResponseMedia::Json, response).headers()[RETRY_AFTER], "2");
    }
}
