//! Liveness and readiness probes.

use std::borrow::Cow;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::event_stream;
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
pub(super) async fn starting(request: Request) -> Response {
    if request.uri().path() == "/graphql" && event_stream::is_event_source(&request) {
        return event_stream::try_again(limits::EVENT_STREAM_RETRY);
    }
    let answer = answer(StatusCode::SERVICE_UNAVAILABLE, "not ready, the database is not open yet\n");
    ([(RETRY_AFTER, "1")], answer).into_response()
}

fn answer(status: StatusCode, text: impl Into<Cow<'static, str>>) -> ProbeAnswer {
    (status, [(CACHE_CONTROL, "no-store")], text.into())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Method;
    use axum::http::header::{ACCEPT, CONTENT_TYPE};

    use super::*;

    /// What a server that starts answers: the status, the type, and the text.
    async fn answered(method: Method, path: &str, accept: &str) -> (u16, String, String) {
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept).body(Body::empty());
        let response = starting(request.expect("a request")).await;
        let media = response.headers()[CONTENT_TYPE].to_str().expect("text").to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1_000).await.expect("a body");
        (status, media, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn an_event_source_comes_back_while_the_server_starts() {
        let (status, media, body) = answered(Method::GET, "/graphql?query=x", "text/event-stream").await;
        assert_eq!((status, media.as_str()), (200, "text/event-stream; charset=utf-8"));
        assert!(body.starts_with("retry: "), "{body}");

        for (method, path, accept) in [
            (Method::GET, "/graphql", "application/json"),
            (Method::POST, "/graphql", "text/event-stream"),
            (Method::GET, "/readyz", "text/event-stream"),
        ] {
            assert_eq!(answered(method, path, accept).await.0, 503, "{path} {accept}");
        }
    }
}
