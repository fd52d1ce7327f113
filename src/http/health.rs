//! Liveness and readiness probes.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER};
use axum::response::IntoResponse;
use tokio::time::timeout;

use super::state::{HttpState, LivingNodes, NotReady};
use crate::limits;

type ProbeAnswer = (StatusCode, [(HeaderName, &'static str); 1], Cow<'static, str>);

pub(super) async fn alive() -> ProbeAnswer {
    answer(StatusCode::OK, "alive\n")
}

pub(super) async fn ready(State(state): State<HttpState>) -> ProbeAnswer {
    let nodes = match timeout(limits::ACQUIRE, state.ready()).await.unwrap_or(Err(NotReady::NoDatabase)) {
        Ok(nodes) => nodes,
        Err(why) => {
            let what = match why {
                NotReady::GoingDown => "not ready, the server is going down\n",
                NotReady::NoWrites => "not ready, the database could not be written, see the log\n",
                NotReady::NoDatabase => "not ready, the database does not answer\n",
            };
            return answer(StatusCode::SERVICE_UNAVAILABLE, what);
        }
    };
    let program = state.api.program();
    let what = if !program.images.is_store_available() {
        // Texts go on without images, so that a balancer must not take the server away.
        "ready, but images can't be stored or read just now\n"
    } else if !program.app.bus.hears() {
        // It serves what it can read, a little later.
        "ready, but this node does not hear the others: it asks the database every second\n"
    } else {
        "ready\n"
    };
    match nodes {
        None => answer(StatusCode::OK, what),
        Some(LivingNodes { living, of, behind }) => {
            answer(StatusCode::OK, format!("{what}{living} of {of} nodes live, this one is {behind} events behind\n"))
        }
    }
}

/// Everything but liveness, until the database is open.
pub(super) async fn starting() -> impl IntoResponse {
    ([(RETRY_AFTER, "1")], answer(StatusCode::SERVICE_UNAVAILABLE, "not ready, the database is not open yet\n"))
}

fn answer(status: StatusCode, text: impl Into<Cow<'static, str>>) -> ProbeAnswer {
    (status, [(CACHE_CONTROL, "no-store")], text.into())
}
