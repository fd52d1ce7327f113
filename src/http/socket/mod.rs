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

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use handshake::Handshake;
#[cfg(feature = "fuzzing")]
pub(crate) use {frame_counter::FrameCounter, protocol::ClientMessage};

use handshake_permits::HandshakePermits;
use session::SocketSession;

use crate::error::Result;
use crate::graphql::Api;
use crate::http::credential::Credential;

const PROTOCOL: &str = "graphql-transport-ws";

/// The open sockets, and how they end with the server.
#[derive(Clone, Default)]
pub struct Sockets {
    tasks: TaskTracker,
    stages: DrainStages,
    handshakes: HandshakePermits,
}

/// The stages in which sockets end with the server. Before the last one they are open and silent: clients that are sent
/// away early would meet a closed door, and wait longer with each attempt.
#[derive(Clone, Default)]
struct DrainStages {
    finishing: CancellationToken,
    /// Holds a token for each socket that has not finished its queries and mutations.
    unfinished: TaskTracker,
    /// The events of those mutations were delivered, too.
    delivered: CancellationToken,
    /// Holds a token for each socket that uses the program.
    in_use: TaskTracker,
    closing: CancellationToken,
}

/// What a socket holds in a drain.
struct DrainTokens {
    unfinished: TaskTrackerToken,
    in_use: TaskTrackerToken,
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
    /// Completes the queries and mutations in progress on all sockets, and then delivers events until `delivered`
    /// resolves. No socket begins another operation, and none uses the program afterwards.
    pub async fn finish(&self, delivered: impl Future<Output = ()>) {
        self.stages.finishing.cancel();
        self.stages.unfinished.close();
        self.stages.unfinished.wait().await;
        delivered.await;
        self.stages.delivered.cancel();
        self.stages.in_use.close();
        self.stages.in_use.wait().await;
    }

    /// Closes all sockets at once, and waits a moment for the clients' answers. For the very end: clients begin to
    /// reconnect a tenth of a second later, each at a random time, and then the next process should be listening.
    pub async fn close(&self) {
        self.stages.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
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
        let stages = self.stages.clone();
        let tokens = DrainTokens { unfinished: stages.unfinished.token(), in_use: stages.in_use.token() };
        // Boxed, or the task would have room for all of it as long as the socket is open.
        let (line, opening) = (Box::pin(line), Box::new((api, caller, permit)));
        self.tasks.spawn(async move {
            match line.await {
                Ok(line) => {
                    let session = {
                        // Moved, so that its memory is given back here and not when the socket closes.
                        let given = opening;
                        let (api, caller, permit) = *given;
                        Box::new(SocketSession::new(line, api, caller, permit))
                    };
                    session::run(session, stages, tokens).await;
                }
                Err(error) => tracing::debug!(error = %error, "a connection was lost during the WebSocket handshake"),
            }
        });
        Ok(answer)
    }
}
