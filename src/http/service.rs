//! The way of every request: an id, its host, its handler, a line in the log, and an answer even after a panic.
//!
//! `/graphql`, where nearly all requests go, comes before the router: each of a router's layers is another future on the
//! heap, and clones what it needs.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use tokio::time::Instant;
use tower::ServiceExt;

use super::answer::ResponseMedia;
use super::client_address::ClientAddress;
use super::origin::CrossOrigin;
use super::refusal::HttpRefusal;
use super::request_id::{RequestId, RequestSource, X_REQUEST_ID};
use super::request_notes::{RequestNotes, Upstream};
use super::state::HttpState;
use super::{event_stream, graphql, host, negotiate};
use crate::clock;
use crate::error::Error;
use crate::limits;
use crate::metrics::{self, Route};

/// Answers requests. Clones share it.
#[derive(Clone)]
pub struct HttpService(Stage);

#[derive(Clone)]
enum Stage {
    /// The database is not open yet.
    Starting(Router),
    Serving(Arc<Routes>),
}

struct Routes {
    state: HttpState,
    graphql: CrossOrigin,
    others: Router,
}

impl HttpService {
    /// For a server that is not ready.
    pub(super) fn starting(router: Router) -> Self {
        Self(Stage::Starting(router))
    }

    /// `others` has the routes of everything but `/graphql`.
    pub(super) fn serving(state: HttpState, others: Router) -> Self {
        let graphql = CrossOrigin::new(state.origins.clone(), [Method::GET, Method::POST]);
        Self(Stage::Serving(Arc::new(Routes { state, graphql, others })))
    }

    /// The answer to a request on a connection of `peer`.
    pub async fn answer(&self, peer: SocketAddr, request: Request) -> Response {
        match &self.0 {
            Stage::Starting(router) => route(router, request).await,
            Stage::Serving(routes) => routes.answer(peer, request).await,
        }
    }
}

impl Routes {
    async fn answer(&self, peer: SocketAddr, request: Request) -> Response {
        let began = clock::instant();
        let (state, proxies) = (&self.state, &self.state.config().trusted_proxies);
        let client = ClientAddress::of(peer.ip(), request.headers(), proxies);
        state.forwarding.look(peer.ip(), request.headers(), proxies);
        let source = RequestSource { id: RequestId::new(), client };
        let (method, uri) = (request.method().clone(), request.uri().clone());

        let is_event_source = uri.path() == "/graphql" && event_stream::is_event_source(&request);
        let (notes, upstream) = (RequestNotes::default(), Upstream::of(peer.ip(), request.headers(), proxies));
        let answer = AssertUnwindSafe(self.find((source, &notes), request)).catch_unwind().await;
        let mut response = answer.unwrap_or_else(|_| {
            // The panic's message was printed to standard error.
            if is_event_source {
                return event_stream::try_again(limits::EVENT_STREAM_RETRY);
            }
            let panicked = Error::Internal(anyhow::anyhow!("a handler panicked"));
            HttpRefusal::from(panicked).into_response(ResponseMedia::Json, &source.id)
        });
        response.headers_mut().insert(X_REQUEST_ID, source.id.to_header());
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if method == Method::HEAD {
            drop_body(&mut response);
        }

        // The path without the query: people put tokens there.
        metrics::request(Route::of(uri.path()), method.as_str(), response.status().as_u16(), began.elapsed());
        let line = RequestLog { source, notes, upstream, path: uri.path(), method: method.as_str(), began };
        line.log(response.status());
        response
    }

    async fn find(&self, (source, notes): (RequestSource, &RequestNotes), mut request: Request) -> Response {
        let host = match host::check(&self.state.hosts, &request) {
            Ok(host) => host,
            Err(refusal) => {
                let media = negotiate::media(request.headers()).unwrap_or(ResponseMedia::Json);
                return refusal.into_response(media, &source.id);
            }
        };
        match host {
            Some(host) if request.uri().path() == "/graphql" => {
                let answer = |request| graphql::endpoint(&self.state, (source, notes), host, request);
                self.graphql.answer(request, answer).await
            }
            host => {
                request.extensions_mut().insert(source.id);
                if let Some(host) = host {
                    request.extensions_mut().insert(host);
                }
                route(&self.others, request).await
            }
        }
    }
}

async fn route(router: &Router, request: Request) -> Response {
    match router.clone().oneshot(request).await {
        Ok(response) => response,
    }
}

/// The answer to `HEAD` says how long that to `GET` would be.
fn drop_body(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

struct RequestLog<'a> {
    source: RequestSource,
    notes: RequestNotes,
    upstream: Upstream,
    path: &'a str,
    method: &'a str,
    began: Instant,
}

impl RequestLog<'_> {
    fn log(self, status: StatusCode) {
        let (notes, operation) = (&self.notes, self.notes.operation.get());
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request.id = %self.source.id,
                    http.method = self.method,
                    http.path = self.path,
                    http.status = status.as_u16(),
                    client.address = %self.source.client.0,
                    user.id = notes.user.get().map(tracing::field::display),
                    session.id = notes.session.get().map(tracing::field::display),
                    key.id = notes.key.get().map(tracing::field::display),
                    graphql.r#type = operation.map(|operation| operation.kind),
                    graphql.field = operation.map(|operation| operation.field.as_str()),
                    graphql.operation = operation.and_then(|operation| operation.name.as_deref()),
                    error.code = notes.code().filter(|code| *code != "OK"),
                    trace.id = self.upstream.trace,
                    proxy.request_id = self.upstream.request,
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
