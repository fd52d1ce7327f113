//! The connection to one client: its WebSocket over a TCP stream that never blocks, and its outbox.
//!
//! The socket's task locks the line while it works. In between, an operation with a result for the client may lock it and
//! write the result at once, without waking the task (see `OperationSink`).

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::close::CloseReason;
use super::frame_budget::FrameBudget;
use super::frame_counter::FrameCounter;
use super::outbox::Outbox;
use super::protocol;
use crate::clock;
use crate::graphql::{FrameSink, Json};
use crate::http::admission::ConnectionSlot;
use crate::limits;

/// The WebSocket behind a lock, and its slot among the connections that the process can hold.
pub(super) struct WebSocketLine {
    io: Mutex<WebSocketIo>,
    _slot: Arc<ConnectionSlot>,
}

/// What the holder of the lock can do.
pub(super) struct WebSocketIo {
    pub(super) outbox: Outbox,
    socket: WebSocket<NonBlockingTcp>,
    frame_budget: FrameBudget,
    /// The error of an operation's own write, for the task to report.
    failure: Option<Error>,
}

/// Why nothing more is read.
pub(super) enum ReadError {
    /// The client has closed the socket or disconnected.
    Gone,
    /// The connection failed, or its data is not a WebSocket's.
    Failed(Error),
    /// The client abuses the socket.
    Refused(CloseReason),
}

impl WebSocketLine {
    /// The line of a connection after its handshake; `read` has been read from it already.
    pub(super) fn new(stream: TcpStream, read: Vec<u8>, slot: Arc<ConnectionSlot>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(limits::SOCKET_READ_BUFFER)
            .write_buffer_size(limits::SOCKET_WRITE_BUFFER)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let mut frames = FrameCounter::default();
        frames.observe(&read);
        let tcp =
            NonBlockingTcp { stream, has_partial_write: false, frames, bytes: (0, 0), turn: limits::SOCKET_TURN_BYTES };
        let socket = WebSocket::from_partially_read(tcp, read, Role::Server, Some(config));
        let frame_budget = FrameBudget::new(clock::instant());
        Self {
            io: Mutex::new(WebSocketIo { outbox: Outbox::default(), socket, frame_budget, failure: None }),
            _slot: slot,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, WebSocketIo> {
        self.io.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, WebSocketIo>> {
        match self.io.try_lock() {
            Ok(io) => Some(io),
            Err(TryLockError::Poisoned(io)) => Some(io.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl WebSocketIo {
    /// How many bytes were received and sent.
    pub(super) fn bytes(&self) -> (u64, u64) {
        self.socket.get_ref().bytes
    }

    /// Writes the whole outbox; pending while the client does not read.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Err(failure));
        }
        while !self.write()? {
            ready!(self.socket.get_ref().stream.poll_write_ready(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// The client's next message. Yields to other tasks after [`limits::SOCKET_TURN_BYTES`], however much the client
    /// sends: the library reads on for as long as there is something to read.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, ReadError>> {
        loop {
            let read = self.socket.read();
            let tcp = self.socket.get_mut();
            let frames = tcp.frames.take();
            if tcp.frames.has_empty_fragment() {
                return Poll::Ready(Err(ReadError::Refused(CloseReason::EmptyFragment)));
            }
            if frames > 0 && !self.frame_budget.take(frames, clock::instant()) {
                return Poll::Ready(Err(ReadError::Refused(CloseReason::TooManyFrames)));
            }
            return Poll::Ready(match read {
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => match ready!(tcp.poll_more(cx)) {
                    Ok(()) => continue,
                    Err(error) => Err(ReadError::Failed(error.into())),
                },
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => Err(ReadError::Gone),
                Err(error) => Err(ReadError::Failed(error)),
                Ok(message) => Ok(message),
            });
        }
    }

    /// After the last frame was written: reads and drops what the client still sends, until it has answered the close
    /// frame, has gone, or has sent as many bytes as are `left`.
    pub(super) fn poll_farewell(&mut self, left: &mut usize, cx: &mut Context<'_>) -> Poll<()> {
        let tcp = self.socket.get_mut();
        let mut dropped = [0; limits::SOCKET_READ_BUFFER];
        while *left > 0 && !tcp.frames.has_close() {
            match tcp.read(&mut dropped) {
                Ok(read @ 1..) => *left = left.saturating_sub(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && ready!(tcp.poll_more(cx)).is_ok() => {}
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// Whether something is written in part: also the library's own answer to a ping, which is not of the outbox.
    pub(super) fn has_partial_write(&self) -> bool {
        self.socket.get_ref().has_partial_write
    }

    fn write(&mut self) -> Result<bool, Error> {
        let has_partial_write = self.has_partial_write();
        self.outbox.write(&mut self.socket, has_partial_write)
    }
}

/// A TCP stream for the library, which is not async: an operation that would block returns `WouldBlock`.
struct NonBlockingTcp {
    stream: TcpStream,
    /// Whether the last write was only partial.
    has_partial_write: bool,
    frames: FrameCounter,
    /// Bytes received and sent, for the log.
    bytes: (u64, u64),
    /// Bytes that may be read before the task yields. Reading without waiting spends nothing of tokio's own budget.
    turn: usize,
}

impl NonBlockingTcp {
    /// Waits until there is more to read, or until the other tasks had their turn.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_spent = self.turn == 0;
        self.turn = limits::SOCKET_TURN_BYTES;
        if is_spent {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.stream.poll_read_ready(cx)
    }
}

impl Read for NonBlockingTcp {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.turn == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = into.len().min(self.turn);
        let read = self.stream.try_read(&mut into[..most])?;
        self.turn -= read;
        self.bytes.0 += read as u64;
        self.frames.observe(&into[..read]);
        Ok(read)
    }
}

impl Write for NonBlockingTcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.try_write(bytes);
        self.bytes.1 += written.as_ref().map_or(0, |written| *written as u64);
        self.has_partial_write = written.as_ref().ok() != Some(&bytes.len());
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where an operation writes its results: the line, and the start of its messages.
pub(super) struct OperationSink {
    line: Arc<WebSocketLine>,
    next: String,
    has_ended: AtomicBool,
}

impl OperationSink {
    pub(super) fn new(line: Arc<WebSocketLine>, id: &str) -> Self {
        Self { line, next: protocol::head("next", id), has_ended: AtomicBool::new(false) }
    }

    /// The message that brings a result.
    pub(super) fn message(&self, payload: &str) -> Message {
        Message::text(protocol::with_payload(&self.next, payload))
    }

    /// The operation has ended: its further results are dropped.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
    }
}

impl FrameSink for OperationSink {
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool {
        // If the task holds the lock, it polls its operations before it goes idle, once it is woken.
        let Some(mut io) = self.line.try_lock() else { return false };
        let was_stalled = io.outbox.deadline().is_some();
        loop {
            if !io.outbox.has_room() || self.has_ended.load(Ordering::Acquire) {
                return false;
            }
            let Some(payload) = next() else { break };
            io.outbox.push(self.message(&payload));
        }
        match io.write() {
            // If the client had stalled before, the task waits for it already, with a timeout.
            Ok(is_written) => is_written || was_stalled,
            Err(error) => {
                io.failure = Some(error);
                false
            }
        }
    }
}
