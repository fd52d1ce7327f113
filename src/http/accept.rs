//! Taking connections, within the bounds of what the process can hold, and letting them go when the server ends.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::connection::{Connection, Turns, Waits};
use crate::limits;

/// Connections that are taken however few files there may be.
const FLOOR: u64 = 64;

/// hyper reads ahead into a buffer of at most this size, for each connection; headers end before.
const READ_BUFFER: usize = 64 * 1024;

/// How long to leave a listener alone that has failed, for want of files for instance.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Serves until `shutdown`, and then what is under way; returns when the last connection is done. Sockets are not
/// among these: an upgraded connection is no longer HTTP's. The caller bounds the time of it all.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_at_most(capacity(), listener, router, shutdown).await;
}

async fn serve_at_most(most: usize, listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let mut door = Door { listener, slots: Arc::new(Semaphore::new(most)), most, full: false };
    let connections = TaskTracker::new();
    loop {
        let (stream, peer, slot) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            next = door.next() => next,
        };
        let (router, shutdown) = (router.clone(), shutdown.clone());
        connections.spawn(async move {
            if let Err(error) = connection(stream, peer, slot, router, shutdown).await {
                tracing::debug!(error = %error, "a connection broke off");
            }
        });
    }
    drop(door);
    connections.close();
    connections.wait().await;
}

/// How many connections the process can hold: all the files it may open, but for those kept free.
fn capacity() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Systems set a low limit that a process may raise up to a high one, for the sake of programs that use `select`.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    let most = files.map_or(u64::MAX, |files| files.saturating_sub(limits::RESERVED_FILES).max(FLOOR));
    usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

/// Where connections come in, one for each slot.
struct Door {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    most: usize,
    /// Whether it has been said that no slot is left.
    full: bool,
}

impl Door {
    /// The next connection, as soon as there is room for it.
    async fn next(&mut self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        match self.slots.available_permits() {
            0 if !self.full => {
                self.full = true;
                tracing::warn!("all {} connections that the process can hold are in use: new ones wait", self.most);
            }
            // Not at the first that goes, or a full house would fill the log as well.
            free if free > self.most / 10 => self.full = false,
            _ => {}
        }
        let slot = self.slots.clone().acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, slot),
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "no connection can be taken: waiting a moment");
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

/// Errors of a connection that was given up before it was taken.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    slot: OwnedSemaphorePermit,
    router: Router,
    shutdown: CancellationToken,
) -> Result<(), hyper::Error> {
    // Answers are written whole: there is nothing to wait for. Without it they are only slower.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "a connection keeps its delay");
    }
    let turns = Turns::default();
    let io = TokioIo::new(Connection::new(stream, slot, turns.clone(), Waits::default()));
    let service = service_fn(move |request| {
        // Boxed, or hyper would keep room for it also while the connection waits.
        Box::pin(answer(router.clone(), turns.clone(), peer, request))
    });
    let mut http = http1::Builder::new();
    http.max_headers(limits::HEADERS).max_header_size(limits::HEADER_BYTES).max_buf_size(READ_BUFFER);
    // Only a backstop, for the connection knows better. Without it hyper would not look at the connection again
    // after an answer, and nobody would notice that the next request does not come.
    http.timer(TokioTimer::new()).header_read_timeout(limits::KEEP_ALIVE + limits::HEADER_READ);

    let mut connection = http.serve_connection(io, service).with_upgrades();
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = shutdown.cancelled() => None,
    };
    match ended {
        Some(ended) => ended?,
        // One that waits for its next request is closed now, one that is being served after its answer.
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

/// Reads what a client still sends after the last answer, the rest of a body that was refused for instance. To close
/// at once would reset the connection, and a reset takes the answer from a client that has not read it yet.
async fn linger(mut connection: Connection, shutdown: &CancellationToken) {
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
    mut router: Router,
    turns: Turns,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    turns.next();
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request.map(Body::new)).await;
    if !matches!(&response, Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        turns.next();
    }
    response
}
