//! The metrics, on a listener of their own that only the operator's machines should reach.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::few_connections::FewConnections;
use super::health;
use super::state::HttpState;
use crate::config::Config;
use crate::metrics;
use crate::sampled::Sampler;

/// <https://prometheus.io/docs/specs/om/open_metrics_spec/#overall-structure>
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info>
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Binds the address of `METRICS_ADDR`, if there is one.
pub async fn bind(config: &Config) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = config.metrics_address else { return Ok(None) };
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("METRICS_ADDR {address} cannot be listened on")).map(Some)
}

/// Serves the metrics and the probes until `shutdown`.
pub async fn serve(listener: TcpListener, state: HttpState, shutdown: CancellationToken) {
    let sampler = Arc::new(Sampler::new(state.api.program().clone()));
    let routes = Router::new()
        .route("/metrics", get(answer).with_state(sampler))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(state));
    // Scrapes are short: they need not be waited for.
    tokio::select! {
        () = shutdown.cancelled() => {}
        served = axum::serve(FewConnections::new(listener), routes) => {
            if let Err(error) = served {
                tracing::error!(error = %error, "the metrics are not served any more: {error}");
            }
        }
    }
}

async fn answer(State(sampler): State<Arc<Sampler>>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let Ok(text) = metrics::text(&sampler.samples().await) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match accept.contains("application/openmetrics-text") {
        true => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        false => ([(CONTENT_TYPE, PROMETHEUS)], metrics::in_prometheus_form(&text)).into_response(),
    }
}
