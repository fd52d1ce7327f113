//! Middleware for every request: an id, a line in the log, and an answer even after a panic.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tokio::time::Instant;

use super::answer::ResponseMedia;
use super::client_address::ClientAddress;
use super::refusal::HttpRefusal;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::state::HttpState;
use crate::clock;
use crate::error::Error;

pub(super) async fn trace(
    State(state): State<HttpState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = clock::instant();
    let id = RequestId::new();
    let method = request.method().clone();
    // Without the query: people put tokens there.
    let path = request.uri().path().to_owned();
    let client = ClientAddress::of(peer.ip(), request.headers(), &state.config().trusted_proxies);
    state.forwarding.look(peer.ip(), request.headers(), &state.config().trusted_proxies);
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(client);

    let mut response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        // The panic's message was printed to standard error.
        let panicked = Error::Internal(anyhow::anyhow!("a handler panicked"));
        HttpRefusal::from(panicked).into_response(ResponseMedia::Json, &id)
    });
    response.headers_mut().insert(X_REQUEST_ID, id.to_header());
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let line = RequestLog { id, path: &path, method: method.as_str(), client, began };
    line.log(response.status());
    response
}

struct RequestLog<'a> {
    id: RequestId,
    path: &'a str,
    method: &'a str,
    client: ClientAddress,
    began: Instant,
}

impl RequestLog<'_> {
    fn log(self, status: StatusCode) {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request.id = %self.id,
                    http.method = self.method,
                    http.path = self.path,
                    http.status = status.as_u16(),
                    client.address = %self.client.0,
                    elapsed_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
                    "{} {}: {}", self.method, self.path, status.as_u16()
                )
            };
        }
        // Pages and probes would drown the rest.
        match self.path {
            "/graphql" => log!(info),
            _ => log!(debug),
        }
    }
}
