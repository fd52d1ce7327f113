//! WebSockets: graphql-transport-ws by a loop of our own, which closes with the codes that stock clients understand,
//! bounds everything, and never waits for a reader.
//!
//! ```text
//!  HTTP upgrade (HandshakePermit)
//!       │
//!       ▼            no connection_init in time: 4408
//!  ┌─────────┐       no or bad token: 4401, expired: 4403
//!  │ opened  │ ────────────────────────────────────────────────┐
//!  └─────────┘                                                 │
//!       │ connection_init, answered with connection_ack        │
//!       ▼                                                      ▼
//!  ┌───────────┐     session ended: 4401, expired: 4403   ┌────────┐
//!  │ signed in │ ───────────────────────────────────────▶ │ closed │
//!  └───────────┘     reader stalled: 1013, flood: 1008    └────────┘
//!    │      ▲        server restarts: 1012                     ▲
//!    │      │        no pong: closed without a code            │
//!    │      └─ next, error and complete of its operations      │
//!    └─ subscribe, complete, ping ─────────────────────────────┘
//!                      bad message: 4400, id in use: 4409, second init: 4429
//! ```
//!
//! One task per socket (`session.rs`) reads, runs operations and writes. An operation may also write a result itself while
//! the task is idle (`line.rs`). What the client has not taken yet waits in the bounded outbox (`outbox.rs`).
//!
//! The protocol: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

mod close;
mod frame_budget;
mod frame_counter;
mod handshake;
mod handshake_permits;
mod header_case;
mod line;
mod outbox;
mod protocol;
mod session;
mod sign_in;

use std::net::IpAddr;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use handshake::Handshake;
#[cfg(feature = "fuzzing")]
pub(crate) use {frame_counter::FrameCounter, protocol::ClientMessage};

use handshake_permits::HandshakePermits;
use session::SocketSession;

use crate::error::Result;
use crate::graphql::Api;
use crate::http::credential::Credential;
use crate::limits;

const PROTOCOL: &str = "graphql-transport-ws";

/// The open sockets, and how they are drained.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    drain: CancellationToken,
    handshakes: HandshakePermits,
}

/// Who opened a WebSocket, as far as HTTP knows; the rest comes with `connection_init`.
pub struct SocketCaller {
    /// The peer.
    pub address: IpAddr,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// What came with the upgrade. A cookie only from a page that may use it.
    pub credential: Option<Credential>,
    /// The upgrade's id in the log.
    pub request_id: String,
}

impl Sockets {
    /// Closes all sockets, spread over time so that they do not all reconnect at once, and waits until they are closed.
    pub async fn drain(&self) {
        self.drain.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Upgrades a connection to a WebSocket. Rate limited if too many sockets of the address have not sent their
    /// `connection_init` yet.
    pub fn upgrade(&self, api: Api, handshake: Handshake, caller: SocketCaller) -> Result<Response> {
        let is_limited = api.program().app.config.rate_limits;
        let permit = is_limited.then(|| self.handshakes.acquire(caller.address)).transpose()?;
        if !handshake.offers(PROTOCOL) {
            // The older protocol of subscriptions-transport-ws, or none.
            let refusal = "this socket speaks the subprotocol graphql-transport-ws\n";
            return Ok((StatusCode::BAD_REQUEST, refusal).into_response());
        }
        let (answer, line) = handshake.accept(PROTOCOL);
        let (sockets, drain) = (self.tracker.clone(), self.drain.clone());
        self.tracker.spawn(async move {
            match line.await {
                Ok(line) => {
                    let session = SocketSession::new(line, api, caller, permit);
                    session::run(session, drain, move || spread(sockets.len())).await;
                }
                Err(error) => tracing::debug!(error = %error, "a connection was lost during the WebSocket handshake"),
            }
        });
        Ok(answer)
    }
}

/// The time over which sockets are closed: a thousand per second, so that a development server stops at once.
fn spread(sockets: usize) -> Duration {
    Duration::from_millis(u64::try_from(sockets).unwrap_or(u64::MAX)).min(limits::DRAIN_SOCKETS)
}
