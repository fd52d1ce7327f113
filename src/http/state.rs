//! The state that the handlers of HTTP share.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRef;
use axum::http::HeaderValue;
use tokio_util::sync::CancellationToken;

use super::body_budget::BodyBudget;
use super::client_address::UntrustedForwarding;
use super::cookies;
use super::credential::{Credential, CredentialSource};
use super::host::HostPolicy;
use super::origin::OriginPolicy;
use super::pages::Pages;
use super::socket::Sockets;
use crate::accounts::{Authenticated, Bearer, ServerKey, Viewer};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::graphql::{Api, SessionEffect};
use crate::limits;

/// Shared by all requests; a clone is cheap.
#[derive(Clone)]
pub struct HttpState {
    /// What executes operations, and the program behind it.
    pub api: Api,
    pub(super) sockets: Sockets,
    /// Cancelled when the server begins to stop.
    pub(super) shutdown: CancellationToken,
    pub(super) bodies: BodyBudget,
    pub(super) forwarding: Arc<UntrustedForwarding>,
    pub(super) hosts: Arc<HostPolicy>,
    pub(super) origins: Arc<OriginPolicy>,
    pub(super) pages: Arc<Pages>,
}

/// The pages need nothing else of it.
impl FromRef<HttpState> for Arc<Pages> {
    fn from_ref(state: &HttpState) -> Self {
        Self::clone(&state.pages)
    }
}

/// Who sent a request.
pub(super) enum HttpSender {
    Person(HttpSession),
    Key(ServerKey),
    /// A key, in the place of this person.
    Acting(Viewer),
}

impl HttpSender {
    /// The person, if it is one.
    pub(super) fn viewer(&self) -> Option<&Viewer> {
        match self {
            Self::Person(session) => Some(&session.viewer),
            Self::Acting(viewer) => Some(viewer),
            Self::Key(_) => None,
        }
    }
}

/// The session of a request.
pub(super) struct HttpSession {
    pub(super) viewer: Viewer,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    source: CredentialSource,
}

impl HttpState {
    /// What requests to this API need, until `shutdown`.
    pub fn new(api: Api, sockets: Sockets, shutdown: CancellationToken) -> Self {
        let config = &api.program().app.config;
        let (hosts, origins, pages) = (HostPolicy::new(config), OriginPolicy::new(config), Pages::new(config));
        let bodies = BodyBudget::new(config.rate_limits);
        let forwarding = Arc::default();
        let (hosts, origins, pages) = (hosts.into(), origins.into(), pages.into());
        Self { api, sockets, shutdown, bodies, forwarding, hosts, origins, pages }
    }

    pub(super) fn config(&self) -> &Config {
        &self.api.program().app.config
    }

    /// Whose this credential is; `None` if it is invalid or has expired. `Forbidden` if somebody acts as another who is no
    /// key for it, and `NotFound` if there is nobody to act as.
    pub(super) async fn sender(&self, credential: &Credential, address: IpAddr) -> Result<Option<HttpSender>> {
        let (accounts, source) = (&self.api.program().accounts, credential.source);
        let bearer = match source {
            CredentialSource::Cookie => Bearer::Person(accounts.authenticate(&credential.token).await?),
            CredentialSource::Bearer => accounts.identify(&credential.token, address).await?,
        };
        Ok(match bearer {
            Bearer::Person(Authenticated::Viewer { .. }) if credential.act_as.is_some() => {
                return Err(Error::Forbidden);
            }
            Bearer::Person(Authenticated::Viewer { viewer, issued_at, expires_at }) => {
                Some(HttpSender::Person(HttpSession { viewer, issued_at, expires_at, source }))
            }
            Bearer::Person(Authenticated::Expired | Authenticated::Anonymous) => None,
            Bearer::Key(key) => Some(match &credential.act_as {
                Some(who) => HttpSender::Acting(accounts.act_as(&key, who).await?),
                None => HttpSender::Key(key),
            }),
        })
    }

    /// A `Set-Cookie` that renews a browser's session if its cookie is older than a day.
    pub(super) async fn fresh_cookie(&self, session: &HttpSession) -> Option<HeaderValue> {
        let program = self.api.program();
        let age = program.app.clock.now().since(session.issued_at);
        if session.source != CredentialSource::Cookie || age <= limits::COOKIE_REFRESH {
            return None;
        }
        match program.accounts.renew(&session.viewer).await {
            Ok((token, expires_at)) => cookies::set_cookie(&program.app, &SessionEffect::Set { token, expires_at }),
            // The old one is still valid. Not logged: a client over its rate sends many requests.
            Err(Error::RateLimited { .. }) => None,
            Err(error) => {
                // The old one is still valid, and the next request tries again.
                tracing::warn!(error = %error, "a session could not be renewed");
                None
            }
        }
    }

    /// Whether new requests should be sent here: they can be served, and the server is not about to stop. With the
    /// nodes, where there may be several.
    pub(super) async fn ready(&self) -> Result<Option<LivingNodes>, NotReady> {
        let app = &self.api.program().app;
        if self.shutdown.is_cancelled() {
            return Err(NotReady::GoingDown);
        }
        if !app.feed.can_write() {
            return Err(NotReady::NoWrites);
        }
        if !app.db.is_shared() {
            return if app.db.answers().await { Ok(None) } else { Err(NotReady::NoDatabase) };
        }
        let nodes = async { Ok::<_, Error>((app.db.living_nodes().await?, app.feed.newest().await?)) };
        let ((living, of), newest) = nodes.await.map_err(|_| NotReady::NoDatabase)?;
        let behind = newest.position.saturating_sub(app.feed.head().position).max(0);
        Ok(Some(LivingNodes { living, of, behind }))
    }
}

/// Why new requests should not be sent here.
pub(super) enum NotReady {
    GoingDown,
    /// The database reads, and its disk is full, for instance.
    NoWrites,
    NoDatabase,
}

/// The nodes on one database.
pub(super) struct LivingNodes {
    /// Those whose lease has not expired.
    pub(super) living: i64,
    pub(super) of: i64,
    /// Events in the log that this node has not delivered yet.
    pub(super) behind: i64,
}
