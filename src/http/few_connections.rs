//! A listener for few clients, such as a scraper: so many connections at once, each for as long as something comes of it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, sleep_until};

use crate::clock;
use crate::limits;

/// The pause after a connection that could not be accepted, for want of files for instance.
const PAUSE: Duration = Duration::from_secs(1);

/// Accepts up to [`limits::METRICS_CONNECTIONS`]; further ones wait in the system's queue until there is room.
pub(super) struct FewConnections {
    listener: TcpListener,
    permits: Arc<Semaphore>,
}

impl FewConnections {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, permits: Arc::new(Semaphore::new(limits::METRICS_CONNECTIONS)) }
    }
}

impl Listener for FewConnections {
    type Io = ShortStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let permit = Arc::clone(&self.permits).acquire_owned().await.expect("nobody closes it");
            match self.listener.accept().await {
                Ok((stream, peer)) => return (ShortStream::new(stream, permit), peer),
                Err(error) => {
                    tracing::debug!(error = %error, "a connection for the metrics was not accepted: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing was read or written for [`limits::METRICS_IDLE`].
pub(super) struct ShortStream {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl ShortStream {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit) -> Self {
        let end = Box::pin(sleep_until(clock::instant() + limits::METRICS_IDLE));
        Self { stream, end, _permit: permit }
    }

    /// What came of a step; fails if nothing did for too long.
    fn in_time<T>(&mut self, step: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if step.is_ready() {
            self.end.as_mut().reset(clock::instant() + limits::METRICS_IDLE);
            return step;
        }
        self.end.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ShortStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        self.in_time(read, cx)
    }
}

impl AsyncWrite for ShortStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
