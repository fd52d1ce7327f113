//! Fetches an issuer's keys: from the configured address and from nowhere else, bounded in bytes and time, when a token
//! needs them. The server starts without them.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::task::TaskTracker;
use url::{Position, Url};

use super::key_set::KeySet;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::limits;

/// An issuer whose keys are fetched. Clones share them.
#[derive(Clone)]
pub(super) struct Issuer(Arc<IssuerInner>);

struct IssuerInner {
    address: Url,
    tls: TlsConnector,
    clock: Clock,
    known: RwLock<Option<FetchedKeys>>,
    /// The fetch under way, which all who need it wait for.
    fetching: Mutex<Option<tokio::sync::watch::Receiver<bool>>>,
    /// In the program's uptime: when they may be fetched again.
    next_fetch: Mutex<Duration>,
    tasks: TaskTracker,
}

#[derive(Clone)]
struct FetchedKeys {
    keys: Arc<KeySet>,
    fetched_at: Duration,
}

impl Issuer {
    pub(super) fn new(address: Url, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(IssuerInner {
            tls: tls(&address)?,
            address,
            clock,
            known: RwLock::default(),
            fetching: Mutex::default(),
            next_fetch: Mutex::default(),
            tasks: TaskTracker::new(),
        })))
    }

    /// The keys, with the one of this name if the issuer has it. `Unavailable` if there are none yet.
    pub(super) async fn keys(&self, kid: Option<&str>) -> Result<Arc<KeySet>> {
        match self.known() {
            Some(FetchedKeys { keys, fetched_at }) if keys.knows(kid) => {
                if self.0.clock.uptime() > fetched_at + limits::ISSUER_FRESH {
                    // Nobody waits for it: the ones of before are fine meanwhile.
                    let _ = self.fetch();
                }
                Ok(keys)
            }
            _ => self.fetched().await.ok_or_else(Error::unavailable),
        }
    }

    /// Other keys than these, which a token was not signed with; `None` if the issuer has none, or was asked a moment ago.
    pub(super) async fn other_keys(&self, than: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        self.fetched().await.filter(|keys| !Arc::ptr_eq(keys, than))
    }

    /// The keys after a fetch, unless the last one was a moment ago.
    async fn fetched(&self) -> Option<Arc<KeySet>> {
        if let Some(mut done) = self.fetch() {
            // It fails only if the fetch panicked.
            let _ = done.wait_for(|is_done| *is_done).await;
        }
        self.known().map(|known| known.keys)
    }

    fn known(&self) -> Option<FetchedKeys> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a fetch, or joins the one under way; `None` if the last one was a moment ago. It goes on when those who
    /// wait for it go away.
    fn fetch(&self) -> Option<tokio::sync::watch::Receiver<bool>> {
        let mut fetching = self.0.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = fetching.as_ref().filter(|done| !*done.borrow() && done.has_changed().is_ok()) {
            return Some(under_way.clone());
        }
        if self.0.clock.uptime() < *self.0.next_fetch.lock().unwrap_or_else(PoisonError::into_inner) {
            return None;
        }
        let (done, waiting) = tokio::sync::watch::channel(false);
        *fetching = Some(waiting.clone());
        let issuer = self.clone();
        self.0.tasks.spawn(async move {
            issuer.fetch_now().await;
            done.send_replace(true);
        });
        Some(waiting)
    }

    async fn fetch_now(&self) {
        let IssuerInner { address, tls, clock, known, next_fetch, .. } = &*self.0;
        let fetched = timeout(limits::ISSUER_WAIT, fetch(address, tls)).await;
        let fetched = fetched.context("it took too long").flatten().and_then(|json| KeySet::read(&json));
        let now = clock.uptime();
        let pause = match fetched {
            Ok(keys) => {
                let fresh = FetchedKeys { keys: Arc::new(keys), fetched_at: now };
                *known.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
                limits::ISSUER_REFETCH
            }
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "the keys of AUTH_JWKS_URL were not fetched: {error:#}");
                match self.known() {
                    // Until there are some, nobody comes in.
                    None => limits::ISSUER_RETRY,
                    Some(_) => limits::ISSUER_REFETCH,
                }
            }
        };
        *next_fetch.lock().unwrap_or_else(PoisonError::into_inner) = now + pause;
    }
}

/// TLS with the certificates that the system trusts. None are read for an address of http.
fn tls(address: &Url) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    if address.scheme() == "https" {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("there is no TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Asks the address itself: no redirect is followed, and no proxy asked.
async fn fetch(address: &Url, tls: &TlsConnector) -> anyhow::Result<Bytes> {
    let host = address.host_str().context("the address has no host")?;
    let port = address.port_or_known_default().context("the address has no port")?;
    // A URL has the address of IPv6 in brackets.
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = TcpStream::connect((name.as_str(), port)).await.context("it cannot be connected to")?;
    match address.scheme() {
        "https" => {
            let name = ServerName::try_from(name).context("its name is none for TLS")?;
            ask(address, tls.connect(name, stream).await.context("TLS failed")?).await
        }
        _ => ask(address, stream).await,
    }
}

async fn ask(address: &Url, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> anyhow::Result<Bytes> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = hyper::Request::get(&address[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &address[Position::BeforeHost..Position::AfterPort])
        .header(USER_AGENT, concat!("parlour/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "application/json")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        ensure!(answer.status() == hyper::StatusCode::OK, "it answered {}", answer.status());
        let body = Limited::new(answer.into_body(), limits::ISSUER_KEYS_BYTES).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("its answer was not read: {error}"))?;
        anyhow::Ok(body.to_bytes())
    };
    // The connection is driven until the exchange is over, whichever way that ends.
    tokio::pin!(connection, exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = &mut connection => exchange.await,
    }
}
