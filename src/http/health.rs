//! Liveness and readiness probes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER};
use axum::response::IntoResponse;
use tokio::time::timeout;

use super::state::HttpState;
use crate::limits;

type ProbeAnswer = (StatusCode, [(HeaderName, &'static str); 1], &'static str);

pub(super) async fn alive() -> ProbeAnswer {
    answer(StatusCode::OK, "alive\n")
}

pub(super) async fn ready(State(state): State<HttpState>) -> ProbeAnswer {
    match timeout(limits::ACQUIRE, state.ready()).await {
        // Texts go on without images, so that a balancer must not take the server away.
        Ok(true) if !state.api.program().images.is_store_available() => {
            answer(StatusCode::OK, "ready, but images can't be stored or read just now\n")
        }
        // It serves what it can read, a little later.
        Ok(true) if !state.api.program().app.bus.hears() => {
            answer(StatusCode::OK, "ready, but this node does not hear the others: it asks the database every second\n")
        }
        Ok(true) => answer(StatusCode::OK, "ready\n"),
        Ok(false) | Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

/// Everything but liveness, until the database is open.
pub(super) async fn starting() -> impl IntoResponse {
    ([(RETRY_AFTER, "1")], answer(StatusCode::SERVICE_UNAVAILABLE, "not ready, the database is not open yet\n"))
}

fn answer(status: StatusCode, text: &'static str) -> ProbeAnswer {
    (status, [(CACHE_CONTROL, "no-store")], text)
}
