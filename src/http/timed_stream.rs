//! A TCP stream with timeouts: it fails when the client is silent, too slow, or does not read.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::admission::ConnectionSlot;
use crate::clock;
use crate::limits;

/// The time limits of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamTimeouts {
    /// For all headers of a request, from its first byte; for those of the first one, from the start.
    pub(super) head: Duration,
    /// For the next request.
    pub(super) idle: Duration,
    /// For a write to make progress.
    pub(super) write: Duration,
}

impl Default for StreamTimeouts {
    fn default() -> Self {
        Self { head: limits::HEADER_READ, idle: limits::KEEP_ALIVE, write: limits::WRITE_WAIT }
    }
}

/// Counts the beginnings and ends of requests: while the count is odd, a request is being served.
///
/// hyper's own header timeout also runs while a connection is idle between requests, so one value would be too long for
/// headers or too short for idling. By this count the stream knows which timeout applies.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestPhase(Arc<AtomicU32>);

/// Added to the count when the answer in progress has no end: a stream of events. Even, so that the request stays open.
const GOES_ON: u32 = 1 << 31;

impl RequestPhase {
    /// Called when the answer in progress goes on until the client leaves.
    pub(super) fn goes_on(&self) {
        self.0.fetch_or(GOES_ON, Ordering::Relaxed);
    }

    /// Called when a request has arrived or was answered. A request that ends in an upgrade is never answered.
    pub(super) fn advance(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection, its time limits, and its slot.
#[derive(Debug)]
pub(super) struct TimedStream {
    stream: TcpStream,
    timeouts: StreamTimeouts,
    phase: RequestPhase,
    /// The phase at the last read.
    seen_phase: u32,
    /// Whether nothing of the next request has come yet.
    idle: bool,
    /// Whether the slot has to be set idle when nothing more is written.
    is_served: bool,
    reading: Deadline,
    writing: Deadline,
    /// Whether the system gives up on a client that takes nothing.
    notices_loss: bool,
    slot: Arc<ConnectionSlot>,
}

/// Makes the system give up on a client that acknowledges nothing it is sent: of the heartbeats of a stream nothing else
/// would say that it has gone. Without this it takes Linux 15 minutes.
fn notice_loss(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limits::PONG_WAIT)) {
        tracing::debug!(error = %error, "a stream of events takes longer to notice that its client has gone");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

impl TimedStream {
    pub(super) fn new(
        stream: TcpStream,
        slot: Arc<ConnectionSlot>,
        phase: RequestPhase,
        timeouts: StreamTimeouts,
    ) -> Self {
        let (reading, writing) = (Deadline::default(), Deadline::default());
        let (idle, is_served, notices_loss) = (false, false, false);
        Self { stream, timeouts, phase, seen_phase: 0, idle, is_served, reading, writing, notices_loss, slot }
    }

    /// The plain stream after an upgrade: its new owner has timeouts of its own.
    pub(super) fn into_parts(self) -> (TcpStream, Arc<ConnectionSlot>) {
        (self.stream, self.slot)
    }

    /// Writes through `write`, which has to make progress in time.
    fn poll_progress(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if !self.notices_loss && self.phase.0.load(Ordering::Relaxed) & GOES_ON != 0 {
            self.notices_loss = true;
            notice_loss(&self.stream);
        }
        match write(Pin::new(&mut self.stream), cx) {
            Poll::Ready(result) => {
                self.writing.stop();
                if self.idle {
                    // A long answer is still on its way, though its request counts as served.
                    self.reading.stop();
                }
                Poll::Ready(result)
            }
            Poll::Pending => self.writing.poll_expired(cx, self.timeouts.write),
        }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let seen_phase = this.phase.0.load(Ordering::Relaxed);
        if seen_phase != this.seen_phase {
            (this.seen_phase, this.idle, this.is_served) = (seen_phase, true, seen_phase.is_multiple_of(2));
            this.reading.stop();
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(result) => {
                if this.idle && buf.filled().len() > before {
                    this.idle = false;
                    this.reading.stop();
                }
                Poll::Ready(result)
            }
            // The handler limits the time for the body; an upgraded connection has its own timeouts.
            Poll::Pending if seen_phase % 2 == 1 => Poll::Pending,
            Poll::Pending => {
                // A long answer may still be in progress: then this is polled again when it is written.
                if this.is_served && !this.writing.is_waiting() {
                    this.is_served = false;
                    this.slot.set_idle();
                }
                let wait = if this.idle { this.timeouts.idle } else { this.timeouts.head };
                this.reading.poll_expired(cx, wait)
            }
        }
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_progress(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_progress(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A time limit on something that is polled. Stopping and starting it again costs no timer.
#[derive(Debug, Default)]
struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn is_waiting(&self) -> bool {
        self.at.is_some()
    }

    fn stop(&mut self) {
        self.at = None;
    }

    /// Fails when the wait, which begins with the first call, has lasted too long.
    fn poll_expired<T>(&mut self, cx: &mut Context<'_>, wait: Duration) -> Poll<io::Result<T>> {
        let at = *self.at.get_or_insert_with(|| clock::instant() + wait);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at || timer.is_elapsed() {
            timer.as_mut().reset(at);
        }
        // A timer left from an earlier wait fires too early, and is then reset to the end of this one.
        while clock::instant() < at {
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(at);
        }
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::super::admission::Admission;
    use super::*;
    use crate::config::Config;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    /// A connection, its phase, and the client at its other end.
    async fn timed_stream(head: Duration, idle: Duration, write: Duration) -> (TimedStream, RequestPhase, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let admission = Arc::new(Admission::new(1, &Config::from_lookup(|_| None).unwrap()));
        let slot = admission.admit([127, 0, 0, 1].into()).unwrap().into();
        let phase = RequestPhase::default();
        (TimedStream::new(stream, slot, phase.clone(), StreamTimeouts { head, idle, write }), phase, client)
    }

    async fn read(stream: &mut TimedStream) -> Result<usize, ErrorKind> {
        stream.read(&mut [0; 16]).await.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_is_given_up() {
        let (mut stream, _, _client) = timed_stream(SHORT, LONG, LONG).await;
        assert_eq!(read(&mut stream).await, Err(ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn the_time_for_headers_does_not_begin_anew_with_every_byte() {
        let (mut stream, _, mut client) = timed_stream(SHORT * 5, LONG, LONG).await;
        let given_up = loop {
            client.write_all(b"a").await.unwrap();
            assert_eq!(read(&mut stream).await, Ok(1));
            // The next byte comes late, but long before the time is over.
            if let Ok(read) = timeout(SHORT, read(&mut stream)).await {
                break read;
            }
        };
        assert_eq!(given_up, Err(ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_request_that_is_served_takes_its_time_and_the_next_may_be_late() {
        let (mut stream, phase, mut client) = timed_stream(SHORT, LONG, LONG).await;
        phase.advance();
        assert!(timeout(SHORT * 3, read(&mut stream)).await.is_err(), "it is being served");
        phase.advance();
        assert!(timeout(SHORT * 3, read(&mut stream)).await.is_err(), "the next one is waited for");
        client.write_all(b"a").await.unwrap();
        assert_eq!(read(&mut stream).await, Ok(1));
        assert_eq!(read(&mut stream).await, Err(ErrorKind::TimedOut), "it has begun and does not go on");
    }

    #[tokio::test]
    async fn a_client_that_has_nothing_more_to_ask_is_given_up() {
        let (mut stream, phase, _client) = timed_stream(LONG, SHORT, LONG).await;
        phase.advance();
        phase.advance();
        assert_eq!(read(&mut stream).await, Err(ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up() {
        let (mut stream, _, _client) = timed_stream(LONG, LONG, SHORT).await;
        let written = loop {
            if let Err(error) = stream.write_all(&[0; 64 * 1024]).await {
                break error;
            }
        };
        assert_eq!(written.kind(), ErrorKind::TimedOut);
    }
}
