//! The headers of the answer to a handshake in the spelling of RFC 6455.
//!
//! Names of headers are the same in any case, and hyper writes them in lower case. But some clients look for exactly
//! `Sec-WebSocket-Protocol`: Python's gql takes the socket for one without a subprotocol otherwise.

use std::convert::Infallible;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::{Extensions, Request, Response};
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{join, sink};
use tokio::task::unconstrained;

/// A request that has the names in this spelling. Of HTTP/1.0, which knows no upgrades: it is only read.
const SPELLING: &[u8] = b"GET / HTTP/1.0\r\nConnection: x\r\nUpgrade: x\r\nDate: x\r\nSec-WebSocket-Accept: x\r\n\
    Sec-WebSocket-Protocol: x\r\n\r\n";

/// Makes hyper write the names of an answer's headers as RFC 6455 spells them.
pub(super) fn spell<T>(answer: &mut Response<T>) {
    answer.extensions_mut().extend(RFC_6455.clone());
}

/// What hyper keeps of the spelling of a request, and looks for in an answer. Its type is private, so it comes from a
/// request that hyper has read.
static RFC_6455: LazyLock<Extensions> = LazyLock::new(|| {
    let kept = Mutex::new(Extensions::new());
    let service = service_fn(async |request: Request<Incoming>| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = request.extensions().clone();
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let mut http = http1::Builder::new();
    // The client of this connection is at its end before it gets an answer.
    http.preserve_header_case(true).header_read_timeout(None).half_close(true);
    // All of the request is in memory, so the connection never waits.
    let served = unconstrained(http.serve_connection(TokioIo::new(join(SPELLING, sink())), service)).now_or_never();
    debug_assert!(matches!(served, Some(Ok(()))), "{served:?}");
    kept.into_inner().unwrap_or_else(PoisonError::into_inner)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_of_the_protocol_is_known() {
        let mut answer = Response::new(());
        spell(&mut answer);
        assert!(!answer.extensions().is_empty());
    }
}
