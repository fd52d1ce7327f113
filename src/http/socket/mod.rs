//! The socket: graphql-transport-ws over a WebSocket, by a loop of our own, which closes with the codes that stock
//! clients understand, bounds everything, and never waits for a reader.
//!
//! The protocol: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

mod close;
mod connection;
mod frame_budget;
mod frame_counter;
mod handshake;
mod line;
mod outbox;
mod protocol;
mod sign_in;
mod waiting;

use std::net::IpAddr;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use handshake::Handshake;
#[cfg(feature = "fuzzing")]
pub(crate) use {close::Close, frame_counter::FrameCounter, protocol::Incoming};

use connection::Connection;
use waiting::Waiting;

use crate::error::Result;
use crate::graphql::Api;
use crate::http::session::Credential;
use crate::limits;

const PROTOCOL: &str = "graphql-transport-ws";

/// The open sockets.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    drain: CancellationToken,
    waiting: Waiting,
}

/// Who opened a WebSocket, as far as HTTP knows; the rest comes with `connection_init`.
pub struct SocketCaller {
    /// The peer.
    pub address: IpAddr,
    /// What the client says it is.
    pub user_agent: Option<String>,
    /// What came with the upgrade. A cookie only from a page that may use it.
    pub credential: Option<Credential>,
    /// The upgrade's id in the log.
    pub request_id: String,
}

impl Sockets {
    /// Sends all away, spread over a while so that they do not come back in one moment, and waits until they are gone.
    pub async fn drain(&self) {
        self.drain.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Takes over a connection that asks for a WebSocket; not where too many of its address wait for their
    /// `connection_init` already.
    pub fn upgrade(&self, api: Api, handshake: Handshake, caller: SocketCaller) -> Result<Response> {
        let is_limited = api.program().app.config.rate_limits;
        let place = is_limited.then(|| self.waiting.enter(caller.address)).transpose()?;
        if !handshake.offers(PROTOCOL) {
            // The older protocol of subscriptions-transport-ws, or none: nothing of it would be understood.
            let refusal = "this socket speaks the subprotocol graphql-transport-ws\n";
            return Ok((StatusCode::BAD_REQUEST, refusal).into_response());
        }
        let (answer, line) = handshake.accept(PROTOCOL);
        let (sockets, drain) = (self.tracker.clone(), self.drain.clone());
        self.tracker.spawn(async move {
            match line.await {
                Ok(line) => {
                    let connection = Connection::new(line, api, caller, place);
                    connection::run(connection, drain, move || spread(sockets.len())).await;
                }
                Err(error) => tracing::debug!(error = %error, "a connection broke off before it was a socket"),
            }
        });
        Ok(answer)
    }
}

/// Over how long so many sockets are sent away: a thousand a second, so that a development server ends at once.
fn spread(sockets: usize) -> Duration {
    Duration::from_millis(u64::try_from(sockets).unwrap_or(u64::MAX)).min(limits::DRAIN_SOCKETS)
}
