//! The accept loop: accepts connections, serves HTTP on them, and closes them with the server.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, ConnectionSlot, NoRoom};
use super::event_stream::GoesOn;
use super::host;
use super::reserved::{self, ReservedPlaces};
use super::service::HttpService;
use super::timed_stream::{RequestPhase, StreamTimeouts, TimedStream};
use crate::config::Config;
use crate::limits;

/// Connections that are accepted even if the limit of open files is lower.
const FLOOR: u64 = 64;

/// hyper reads ahead into a buffer of at most this size, for each connection; headers end before.
const READ_BUFFER: usize = 2 * limits::HEADER_BYTES;

/// The timeout for a connection beyond the limit, in all: `/readyz` may wait for the database.
const RESERVED_TIME: Duration =
    limits::RESERVED_HEADER_READ.saturating_add(limits::ACQUIRE).saturating_add(limits::LINGER);

/// The pause after `accept` has failed, for lack of file descriptors for instance.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Serves until `shutdown`, and then until the requests in progress are complete. It does not wait for WebSockets, as an
/// upgraded connection is no longer HTTP's. The caller limits the time for all of this.
///
/// The listener stays open: who connects meanwhile waits in its queue instead of being refused.
pub async fn serve(config: &Config, listener: &TcpListener, service: HttpService, shutdown: CancellationToken) {
    let admission = Arc::new(Admission::new(capacity(), config));
    let server = Server { admission, reserved: ReservedPlaces::default(), service };
    let at_shutdown = ConnectionGroup { tasks: TaskTracker::new(), shutdown };
    server.accept_until(at_shutdown.shutdown.cancelled(), listener, &at_shutdown).await;
    at_shutdown.tasks.close();
    // Others are served meanwhile: of the requests in progress, an upload may take long.
    let later = ConnectionGroup::default();
    server.accept_until(at_shutdown.tasks.wait(), listener, &later).await;
    later.shutdown.cancel();
    later.tasks.close();
    later.tasks.wait().await;
}

/// What new connections need.
struct Server {
    admission: Arc<Admission>,
    reserved: ReservedPlaces,
    service: HttpService,
}

/// Connections that end together: after their current request when `shutdown` is cancelled.
#[derive(Default)]
struct ConnectionGroup {
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Server {
    async fn accept_until(&self, end: impl Future<Output = ()>, listener: &TcpListener, into: &ConnectionGroup) {
        let mut end = pin!(end);
        loop {
            let (stream, peer) = tokio::select! {
                biased;
                () = &mut end => return,
                next = accept(listener) => next,
            };
            self.spawn(stream, peer, into);
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, into: &ConnectionGroup) {
        // Answers are written in one piece, so Nagle's algorithm would only delay them. A failure here is harmless.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection keeps its delay");
        }
        let (service, shutdown) = (self.service.clone(), into.shutdown.clone());
        match self.admission.admit(peer.ip()) {
            Ok(slot) => into.tasks.spawn(async move {
                if let Err(error) = connection(stream, peer, slot.into(), service, shutdown).await {
                    tracing::debug!(error = %error, "a connection broke off");
                }
            }),
            Err(no_room) => {
                let place = self.reserved.take(peer.ip());
                into.tasks.spawn(async move {
                    tokio::select! {
                        served = timeout(RESERVED_TIME, without_room(stream, peer, no_room, service, &shutdown)) => {
                            tracing::debug!(?no_room, ?served, "a connection was taken that there was no room for");
                        }
                        () = place.closed() => {}
                        () = shutdown.cancelled() => {}
                    }
                })
            }
        };
    }
}

/// How many connections the process can hold: as many as it may open files, except for those reserved.
fn capacity() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // The soft limit is low for the sake of programs that use `select`; a process may raise it to the hard limit.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    let most = files.map_or(u64::MAX, |files| files.saturating_sub(limits::RESERVED_FILES).max(FLOOR));
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(error = %error, "cannot accept connections: waiting for a second");
                sleep(BACK_OFF).await;
            }
        }
    }
}

/// Whether the error is of a connection that the client closed before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    slot: Arc<ConnectionSlot>,
    service: HttpService,
    shutdown: CancellationToken,
) -> Result<(), hyper::Error> {
    let phase = RequestPhase::default();
    let io = TokioIo::new(TimedStream::new(stream, slot.clone(), phase.clone(), StreamTimeouts::default()));
    let slot_of_service = slot.clone();
    let answers = service_fn(move |request| {
        // Boxed, or hyper would reserve memory for the future also while the connection is idle.
        Box::pin(answer(service.clone(), slot_of_service.clone(), phase.clone(), peer, request))
    });
    let mut http = http1::Builder::new();
    http.max_headers(limits::HEADERS).max_header_size(limits::HEADER_BYTES).max_buf_size(READ_BUFFER);
    // The stream's own timeouts fire first. But without this one hyper would not poll the connection again after an
    // answer, and a missing next request would go unnoticed.
    http.timer(TokioTimer::new()).header_read_timeout(limits::KEEP_ALIVE + limits::HEADER_READ);

    let mut connection = http.serve_connection(io, answers).with_upgrades();
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = shutdown.cancelled() => None,
        // Closed to make room. It is idle, so nothing is lost.
        () = slot.closed() => return Ok(()),
    };
    match ended {
        Some(ended) => ended?,
        // An idle connection is closed now, a busy one after its answer.
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await?;
        }
    }
    if let Some(parts) = connection.into_parts() {
        Box::pin(linger(parts.io.into_inner(), &shutdown)).await;
    }
    Ok(())
}

/// Answers one request of a connection beyond the limit: a probe as usual, anything else with 503.
async fn without_room(
    stream: TcpStream,
    peer: SocketAddr,
    no_room: NoRoom,
    service: HttpService,
    shutdown: &CancellationToken,
) -> Result<(), hyper::Error> {
    let answers = service_fn(move |request: Request<Incoming>| {
        let service = service.clone();
        async move {
            Ok::<_, Infallible>(match host::is_probe(request.uri().path()) {
                true => service.answer(peer, request.map(Body::new)).await,
                false => reserved::refuse(no_room, &request),
            })
        }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).max_headers(limits::HEADERS).max_header_size(limits::HEADER_BYTES).max_buf_size(READ_BUFFER);
    http.timer(TokioTimer::new()).header_read_timeout(limits::RESERVED_HEADER_READ);
    let mut connection = http.serve_connection(TokioIo::new(stream), answers);
    (&mut connection).await?;
    linger(connection.into_parts().io.into_inner(), shutdown).await;
    Ok(())
}

/// Reads and drops what a client still sends after the last answer, the rest of a refused body for instance. Closing at
/// once would reset the connection, and a client that has not read the answer yet would lose it.
async fn linger(mut connection: impl AsyncRead + Unpin, shutdown: &CancellationToken) {
    let rest = async {
        let mut left = limits::MULTIPART_BYTES;
        let mut dropped = [0; 4096];
        while let Ok(read @ 1..) = connection.read(&mut dropped).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    tokio::select! {
        _ = timeout(limits::LINGER, rest) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn answer(
    service: HttpService,
    slot: Arc<ConnectionSlot>,
    phase: RequestPhase,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    if !slot.set_busy() {
        return Ok(reserved::refuse(NoRoom::InAll, &request));
    }
    phase.advance();
    let response = service.answer(peer, request.map(Body::new)).await;
    if response.extensions().get::<GoesOn>().is_some() {
        // A stream of events is served until it ends, and its connection ends with it.
        phase.goes_on();
    } else if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        phase.advance();
    }
    Ok(response)
}
