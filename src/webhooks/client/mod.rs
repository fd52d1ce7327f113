//! POSTs to a receiver: a connection to a checked address, no redirects, and bounds on time and on what is read.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::address::{AddressGuard, Target};
use crate::clock::instant;
use crate::limits;

/// Makes connections. Clones share the root certificates.
#[derive(Clone)]
pub(super) struct PostClient {
    guard: AddressGuard,
    tls: TlsConnector,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct SignedPost {
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) timestamp: i64,
    pub(super) signature: String,
    pub(super) body: Bytes,
}

/// The part of an answer that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PostAnswer {
    pub(super) status: StatusCode,
    /// How long the receiver wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// A connection that can be used again.
pub(super) struct ReceiverLine {
    sender: SendRequest<Full<Bytes>>,
    /// Has to be polled while the sender is used.
    connection: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    used_at: Instant,
}

trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

impl PostClient {
    /// A client that trusts the root certificates of Mozilla.
    pub(super) fn new(guard: AddressGuard) -> anyhow::Result<Self> {
        Self::trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }, guard)
    }

    fn trusting(roots: RootCertStore, guard: AddressGuard) -> anyhow::Result<Self> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("TLS has no versions")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { guard, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// What may be reached.
    pub(super) fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// POSTs once, over the connection that is left from before if it still works. The error says what failed, in a line.
    pub(super) async fn post(
        &self,
        line: &mut Option<ReceiverLine>,
        target: &Target,
        post: &SignedPost,
    ) -> anyhow::Result<PostAnswer> {
        let trying = async {
            if let Some(mut kept) = line.take().filter(|kept| kept.used_at.elapsed() < limits::WEBHOOK_IDLE) {
                // A receiver may close an idle connection at any moment: this is no failure of its own.
                if let Ok((answer, is_reusable)) = kept.send(target, post).await {
                    *line = is_reusable.then_some(kept);
                    return Ok(answer);
                }
            }
            let mut fresh = self.connect(target).await?;
            let (answer, is_reusable) = fresh.send(target, post).await?;
            *line = is_reusable.then_some(fresh);
            Ok(answer)
        };
        let elapsed = || anyhow!("no answer in {} s", limits::WEBHOOK_TRY.as_secs());
        timeout(limits::WEBHOOK_TRY, trying).await.map_err(|_| elapsed())?
    }

    async fn connect(&self, target: &Target) -> anyhow::Result<ReceiverLine> {
        let found = lookup_host((target.host.as_str(), target.port)).await;
        let found: Vec<_> = found.with_context(|| format!("{} was not found", target.host))?.collect();
        let passed = self.guard.pass(found.iter().copied(), target.is_plain);
        let refused = || anyhow!("no address of {} may be reached: see WEBHOOK_ALLOW_NETS", target.host);
        let mut failed = if found.is_empty() { anyhow!("{} has no address", target.host) } else { refused() };
        for address in passed {
            match timeout(limits::WEBHOOK_CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Nothing is gained by it, and nothing lost.
                    let _ = stream.set_nodelay(true);
                    return self.begin(stream, target).await;
                }
                Ok(Err(error)) => failed = anyhow!("no connection: {error}"),
                Err(_) => failed = anyhow!("no connection in {} s", limits::WEBHOOK_CONNECT.as_secs()),
            }
        }
        Err(failed)
    }

    async fn begin(&self, stream: TcpStream, target: &Target) -> anyhow::Result<ReceiverLine> {
        let stream: Box<dyn Transport> = match target.is_plain {
            true => Box::new(stream),
            false => {
                let name = ServerName::try_from(target.host.clone()).context("the host is no name for TLS")?;
                let stream = self.tls.connect(name, stream).await;
                Box::new(stream.map_err(|error| anyhow!("no TLS connection: {error}"))?)
            }
        };
        let (bytes, headers) = limits::WEBHOOK_ANSWER_HEAD;
        let begun = http1::Builder::new().max_buf_size(bytes).max_headers(headers).handshake(TokioIo::new(stream));
        let (sender, connection) = begun.await.map_err(|error| anyhow!("no HTTP connection: {error}"))?;
        Ok(ReceiverLine { sender, connection: Box::pin(connection), used_at: instant() })
    }
}

impl ReceiverLine {
    /// Sends a request; whether the connection can be used again.
    async fn send(&mut self, target: &Target, post: &SignedPost) -> anyhow::Result<(PostAnswer, bool)> {
        let request = request(target, post)?;
        let Self { sender, connection, .. } = self;
        let mut exchange = pin!(async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let answer = PostAnswer { status: response.status(), retry_after: retry_after(&response) };
            // The status is the answer, whatever becomes of the rest.
            let is_read = timeout(limits::WEBHOOK_ANSWER_BODY.1, drain(response.into_body())).await;
            hyper::Result::Ok((answer, is_read.unwrap_or(false)))
        });
        let mut has_ended = false;
        let sent = loop {
            tokio::select! {
                sent = &mut exchange => break sent,
                _ = &mut *connection, if !has_ended => has_ended = true,
            }
        };
        let (answer, is_read) = sent.map_err(|error| anyhow!("no answer: {}", in_a_line(&error)))?;
        self.used_at = instant();
        Ok((answer, is_read && !has_ended))
    }
}

fn request(target: &Target, post: &SignedPost) -> anyhow::Result<Request<Full<Bytes>>> {
    let url = &target.url;
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let request = Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Parlour/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &post.id)
        .header("webhook-timestamp", post.timestamp)
        .header("webhook-signature", &post.signature);
    request.body(Full::new(post.body.clone())).context("the request cannot be written")
}

/// In seconds only: dates are for browsers.
fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Reads a body that says nothing, up to a bound; whether it came to its end.
async fn drain(mut body: Incoming) -> bool {
    let mut left = limits::WEBHOOK_ANSWER_BODY.0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(bytes) else { return false };
        left = rest;
    }
    true
}

/// With its cause, which hyper leaves out.
fn in_a_line(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
