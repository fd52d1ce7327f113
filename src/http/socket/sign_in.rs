//! The user of a socket, from `connection_init` on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::SocketCaller;
use super::close::CloseReason;
use super::protocol::{ConnectionInit, ResumeFrom};
use crate::accounts::{Authenticated, Bearer, LiveSession, SessionEnd, Viewer};
use crate::clock::Clock;
use crate::graphql::Api;
use crate::http::credential::CredentialSource;
use crate::presence::Device;

/// The user, and where the client wants to resume.
pub(super) struct SocketUser {
    pub(super) viewer: Viewer,
    /// The cursors for operations to come, by their ids.
    pub(super) resume_from: HashMap<String, String>,
    /// The cursor for the first subscription to the feed.
    pub(super) resume_first: Arc<Mutex<Option<String>>>,
    _device: Device,
}

impl SocketUser {
    /// Signs in; beside it comes what ends when the session does.
    pub(super) async fn by(
        api: &Api,
        caller: &mut SocketCaller,
        init: ConnectionInit,
    ) -> Result<(Self, BoxFuture<'static, CloseReason>), CloseReason> {
        let from_http = caller.credential.take().map(|credential| (credential.token, credential.source));
        let from_init = init.token.map(|token| (token, CredentialSource::Bearer));
        let (token, source) = from_init.or(from_http).ok_or(CloseReason::NoCredential)?;
        let accounts = &api.program().accounts;
        let bearer = match source {
            CredentialSource::Cookie => accounts.authenticate(&token).await.map(Bearer::Person),
            CredentialSource::Bearer => accounts.identify(&token, caller.address).await,
        };
        let program = api.program();
        let (viewer, issued_at, expires_at) = match bearer {
            Ok(Bearer::Person(Authenticated::Viewer { viewer, issued_at, expires_at })) => {
                (viewer, issued_at, expires_at)
            }
            Ok(Bearer::Person(Authenticated::Expired)) => return Err(CloseReason::Forbidden),
            // What sockets are for, subscriptions, keys do not have.
            Ok(Bearer::Person(Authenticated::Anonymous) | Bearer::Key(_)) => return Err(CloseReason::Unauthorized),
            Err(error) => {
                tracing::warn!(request.id = caller.request_id, "a socket could not sign in: {error:?}");
                return Err(CloseReason::TryAgainLater);
            }
        };
        let session = program.accounts.watch(&viewer, issued_at, expires_at);
        let device = program.presence.connect(&viewer).ok_or(CloseReason::TooManyConnections)?;
        let (resume_from, first) = match init.resume_from {
            ResumeFrom::ByOperation(cursors) => (cursors, None),
            ResumeFrom::First(cursor) => (HashMap::new(), Some(cursor)),
        };
        let signed_in = Self { viewer, resume_from, resume_first: Arc::new(Mutex::new(first)), _device: device };
        Ok((signed_in, Box::pin(watch(session, program.app.clock.clone()))))
    }
}

/// How a socket closes when its session is over.
fn watch(session: LiveSession, clock: Clock) -> impl Future<Output = CloseReason> {
    session.over(clock).map(|end| match end {
        SessionEnd::Ended => CloseReason::Unauthorized,
        SessionEnd::Expired => CloseReason::Forbidden,
    })
}
