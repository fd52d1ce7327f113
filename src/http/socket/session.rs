//! The task of a socket, from its upgrade to its close: it reads, runs operations and writes, and none of these blocks the
//! others.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_graphql::Request;
use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable};
use futures_util::{FutureExt, StreamExt};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tungstenite::error::CapacityError;
use tungstenite::{Error as SocketError, Message};

use super::close::CloseReason;
use super::handshake_permits::HandshakePermit;
use super::line::{OperationSink, ReadError, WebSocketIo, WebSocketLine};
use super::outbox::Outbox;
use super::protocol::{self, ClientMessage, ConnectionInit};
use super::sign_in::SocketUser;
use super::{DrainStages, DrainTokens, SocketCaller};
use crate::clock;
use crate::error::Error;
use crate::graphql::{self, Api, Caller, Frame, Resume, RunningOperation};
use crate::limits;
use crate::metrics;

/// Runs a socket until it is closed.
pub(super) async fn run(mut session: Box<SocketSession>, stages: DrainStages, tokens: DrainTokens) {
    let end = tokio::select! {
        end = session.serve() => end,
        () = stages.finishing.cancelled() => {
            session.note_end(Some(CloseReason::ServiceRestart));
            return Box::pin(end_with_server(session, stages, tokens)).await;
        }
    };
    session.note_end(end);
    if end == Some(CloseReason::Unauthorized) {
        // It may be a mutation on this socket that has ended the session: it is answered.
        session.complete(|operation| operation.is_subscription);
        let _ = timeout(limits::LAST_ANSWER, Box::pin(session.finish())).await;
    }
    Box::pin(session.end(end)).await;
}

/// Goes through the stages of a drain.
async fn end_with_server(mut session: Box<SocketSession>, stages: DrainStages, tokens: DrainTokens) {
    let finish = async {
        // Operations that take longer are dropped.
        let is_open = timeout(limits::REQUEST, session.finish()).await.unwrap_or(true);
        drop(tokens.unfinished);
        if is_open {
            session.deliver().await;
        }
    };
    tokio::select! {
        () = finish => {}
        () = stages.delivered.cancelled() => {}
        () = stages.closing.cancelled() => {}
    }
    let line = session.into_line();
    drop(tokens.in_use);
    stages.closing.cancelled().await;
    close(&line, CloseReason::ServiceRestart, limits::DRAIN_FAREWELL).await;
}

/// A socket and its running operations.
pub(super) struct SocketSession {
    line: Arc<WebSocketLine>,
    api: Api,
    caller: SocketCaller,
    /// The frames of all running operations, as one stream.
    running: SelectAll<BoxStream<'static, OperationFrame>>,
    operations: SocketOperations,
    /// Released by `connection_init`.
    permit: Option<HandshakePermit>,
    signed_in: Option<SocketUser>,
    /// Resolves when the user's session ends or expires.
    watch: Option<BoxFuture<'static, CloseReason>>,
    timer: Pin<Box<Sleep>>,
    opened_at: Instant,
    last_received: Instant,
    pinged_at: Option<Instant>,
    counted: metrics::Held,
}

type SocketOperations = HashMap<Arc<str>, SocketOperation>;

struct SocketOperation {
    is_subscription: bool,
    stop: AbortHandle,
    sink: Arc<OperationSink>,
}

impl Drop for SocketOperation {
    fn drop(&mut self) {
        self.sink.end();
        self.stop.abort();
    }
}

/// A frame of an operation, with the operation's id.
type OperationFrame = (Arc<str>, Frame);

/// Why the task wakes up.
enum SocketEvent {
    Received(Message),
    /// Frames were written, and there may be more.
    Progress,
    Disconnected,
    Failed(SocketError),
    TimerFired,
    /// The user's session or an operation requires the socket to close.
    MustClose(CloseReason),
}

impl SocketSession {
    pub(super) fn new(line: WebSocketLine, api: Api, caller: SocketCaller, permit: Option<HandshakePermit>) -> Self {
        let now = clock::instant();
        Self {
            line: Arc::new(line),
            api,
            caller,
            running: SelectAll::new(),
            operations: HashMap::new(),
            permit,
            signed_in: None,
            watch: None,
            timer: Box::pin(sleep_until(now + limits::INIT_WAIT)),
            opened_at: now,
            last_received: now,
            pinged_at: None,
            counted: metrics::socket("opened"),
        }
    }

    /// Serves until the client disconnects (`None`) or has to be closed.
    async fn serve(&mut self) -> Option<CloseReason> {
        loop {
            match self.next_event().await {
                SocketEvent::Received(message) => {
                    // Boxed, or the task would have room for it as long as the socket is open.
                    if let Err(close) = Box::pin(self.receive(message)).await {
                        return Some(close);
                    }
                }
                // Yields to other tasks, however fast this client reads.
                SocketEvent::Progress => yield_now().await,
                SocketEvent::TimerFired => {
                    if let Err(end) = self.check_time() {
                        return end;
                    }
                }
                SocketEvent::MustClose(close) => return Some(close),
                SocketEvent::Disconnected => return None,
                SocketEvent::Failed(error) => return close_for(&error),
            }
        }
    }

    async fn next_event(&mut self) -> SocketEvent {
        let deadline = self.deadline();
        let Self { line, running, operations, watch, timer, .. } = self;
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        poll_fn(|cx| {
            if let Some(Poll::Ready(close)) = watch.as_mut().map(|watch| watch.poll_unpin(cx)) {
                *watch = None;
                return Poll::Ready(SocketEvent::MustClose(close));
            }
            if timer.poll_unpin(cx).is_ready() {
                return Poll::Ready(SocketEvent::TimerFired);
            }
            let mut io = line.lock();
            match poll(&mut io, running, operations, cx) {
                // The client has just stopped reading, so there is an earlier deadline now.
                Poll::Pending if io.outbox.deadline().is_some_and(|stalled| stalled < deadline) => {
                    Poll::Ready(SocketEvent::TimerFired)
                }
                wake => wake,
            }
        })
        .await
    }

    /// Completes the running queries and mutations. Returns whether the socket is still open.
    async fn finish(&mut self) -> bool {
        while self.operations.values().any(|operation| !operation.is_subscription) {
            if !self.go_on().await {
                return false;
            }
        }
        true
    }

    /// Delivers events, as long as the socket is open.
    async fn deliver(&mut self) {
        while self.go_on().await {}
    }

    /// One step without new operations. Returns whether the socket is still open.
    async fn go_on(&mut self) -> bool {
        match self.next_event().await {
            // New messages are ignored.
            SocketEvent::Received(_) => true,
            SocketEvent::Progress => {
                yield_now().await;
                true
            }
            SocketEvent::TimerFired => self.check_time().is_ok(),
            SocketEvent::Disconnected | SocketEvent::Failed(_) | SocketEvent::MustClose(_) => false,
        }
    }

    fn deadline(&self) -> Instant {
        let alive = match (&self.signed_in, self.pinged_at) {
            (None, _) => self.opened_at + limits::INIT_WAIT,
            (Some(_), Some(pinged_at)) => pinged_at + limits::PONG_WAIT,
            (Some(_), None) => self.last_received + limits::PING_EVERY,
        };
        self.line.lock().outbox.deadline().map_or(alive, |stalled| stalled.min(alive))
    }

    fn check_time(&mut self) -> Result<(), Option<CloseReason>> {
        let now = clock::instant();
        if self.line.lock().outbox.deadline().is_some_and(|deadline| deadline <= now) {
            return Err(Some(CloseReason::TryAgainLater));
        }
        if self.signed_in.is_none() {
            let is_late = self.opened_at + limits::INIT_WAIT <= now;
            return if is_late { Err(Some(CloseReason::InitialisationTimeout)) } else { Ok(()) };
        }
        match self.pinged_at {
            // The client is gone: there is no use in a close frame.
            Some(pinged_at) if pinged_at + limits::PONG_WAIT <= now => Err(None),
            None if self.last_received + limits::PING_EVERY <= now => {
                self.push(Message::Ping(axum::body::Bytes::new()));
                self.pinged_at = Some(now);
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), CloseReason> {
        self.last_received = clock::instant();
        self.pinged_at = None;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(CloseReason::BadRequest("Binary message")),
            // The library answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Ok(()),
        };
        match ClientMessage::parse(&text)? {
            // Boxed, as it happens once, and an idle socket should be small.
            ClientMessage::Init(init) => Box::pin(self.init(init)).await,
            ClientMessage::Ping => {
                // An answer may wait while the client does not read; a client that asks on and on without reading may not.
                if !self.line.lock().outbox.has_room() {
                    return Err(CloseReason::TryAgainLater);
                }
                self.push(Message::text(protocol::PONG));
                Ok(())
            }
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, request } => self.subscribe(id, request),
            ClientMessage::Complete { id } => {
                self.operations.remove(id.as_str());
                Ok(())
            }
        }
    }

    async fn init(&mut self, init: ConnectionInit) -> Result<(), CloseReason> {
        if self.signed_in.is_some() {
            return Err(CloseReason::TooManyInitialisations);
        }
        let (signed_in, watch) = SocketUser::by(&self.api, &mut self.caller, init).await?;
        self.permit = None;
        self.counted = metrics::socket("signed_in");
        self.signed_in = Some(signed_in);
        self.watch = Some(watch);
        self.push(Message::text(protocol::ACK));
        Ok(())
    }

    fn subscribe(&mut self, id: String, request: Result<Box<Request>, Error>) -> Result<(), CloseReason> {
        let signed_in = self.signed_in.as_mut().ok_or(CloseReason::Unauthorized)?;
        if self.operations.contains_key(id.as_str()) {
            return Err(CloseReason::SubscriberExists);
        }
        if self.operations.len() >= limits::OPERATIONS_PER_SOCKET {
            if !self.line.lock().outbox.has_room() {
                return Err(CloseReason::TryAgainLater);
            }
            self.push(Message::text(too_many_operations(&id)));
            return Ok(());
        }
        let request_id = uuid::Uuid::now_v7().to_string();
        let request = match request {
            Ok(request) => *request,
            Err(_) if !self.line.lock().outbox.has_room() => return Err(CloseReason::TryAgainLater),
            Err(malformed) => {
                let errors = graphql::refusal(malformed, &request_id);
                self.push(Message::text(protocol::with_payload(&protocol::head("error", &id), &errors)));
                return Ok(());
            }
        };
        let caller = Caller {
            viewer: Some(signed_in.viewer.clone()),
            key: None,
            address: self.caller.address,
            user_agent: self.caller.user_agent.clone(),
            request_id,
        };
        let resume = Resume { own: signed_in.resume_from.remove(&id), first: Arc::clone(&signed_in.resume_first) };
        let sink = Arc::new(OperationSink::new(Arc::clone(&self.line), &id));
        let id: Arc<str> = id.into();
        let RunningOperation { is_subscription, frames } =
            self.api.run(request, caller, resume, Some(Arc::clone(&sink) as _));
        let (frames, stop) = abortable(frames);
        let named = Arc::clone(&id);
        self.running.push(frames.map(move |frame| (Arc::clone(&named), frame)).boxed());
        self.operations.insert(id, SocketOperation { is_subscription, stop, sink });
        Ok(())
    }

    /// Counts and logs that the socket ends. Without a code the client went, or its line was cut.
    fn note_end(&self, end: Option<CloseReason>) {
        let code = end.map(CloseReason::code);
        metrics::socket_closed(code);
        let (received, sent) = self.line.lock().bytes();
        let user = self.signed_in.as_ref().map(|signed_in| signed_in.viewer.user());
        let age = self.opened_at.elapsed().as_secs();
        tracing::info!(
            event = "socket.closed",
            request.id = self.caller.request_id,
            client.address = %self.caller.address,
            user.id = user.map(tracing::field::display),
            code,
            age_s = age,
            bytes.received = received,
            bytes.sent = sent,
            "a socket was closed after {age} s"
        );
    }

    /// Ends operations from this side.
    fn complete(&mut self, which: impl Fn(&SocketOperation) -> bool) {
        for (id, _) in self.operations.extract_if(|_, operation| which(operation)) {
            self.line.lock().outbox.push(complete(&id));
        }
    }

    fn push(&self, message: Message) {
        self.line.lock().outbox.push(message);
    }

    /// Sends the close frame, and waits for the client's for a limited time.
    async fn end(&mut self, close: Option<CloseReason>) {
        let Some(close) = close else { return };
        self.running.clear();
        if matches!(close, CloseReason::Unauthorized) {
            self.complete(|_| true);
        }
        self::close(&self.line, close, limits::LINGER).await;
    }

    /// Drops everything but the connection.
    fn into_line(self: Box<Self>) -> Arc<WebSocketLine> {
        self.line
    }
}

/// Sends the close frame, and waits for the client's. A client that does not read is not waited for.
async fn close(line: &WebSocketLine, reason: CloseReason, wait: Duration) {
    line.lock().outbox.push(Message::Close(Some(reason.frame())));
    let farewell = async {
        if poll_fn(|cx| line.lock().poll_write(cx)).await.is_ok() {
            // Until the client has answered or disconnected.
            let mut left = limits::FAREWELL_BYTES;
            poll_fn(|cx| line.lock().poll_farewell(&mut left, cx)).await;
        }
    };
    let _ = timeout(wait, farewell).await;
}

/// Produces frames, writes and reads, in this order, so that all that is ready goes into one write.
fn poll(
    io: &mut WebSocketIo,
    running: &mut SelectAll<BoxStream<'static, OperationFrame>>,
    operations: &mut SocketOperations,
    cx: &mut Context<'_>,
) -> Poll<SocketEvent> {
    let had_room = io.outbox.has_room();
    let mut has_output = false;
    // While the outbox is full, operations are not polled, and positions in the feed do not advance.
    while io.outbox.has_room()
        && let Poll::Ready(Some((id, frame))) = running.poll_next_unpin(cx)
    {
        if let Err(close) = enqueue(&mut io.outbox, operations, &id, frame) {
            return Poll::Ready(SocketEvent::MustClose(close));
        }
        has_output = true;
    }
    if let Poll::Ready(Err(error)) = io.poll_write(cx) {
        return Poll::Ready(SocketEvent::Failed(error));
    }
    // If the write made room, the operations must be polled again: those that were not polled do not wake the task.
    if io.outbox.has_room() && (has_output || !had_room) {
        return Poll::Ready(SocketEvent::Progress);
    }
    match io.poll_read(cx) {
        Poll::Ready(Ok(message)) => Poll::Ready(SocketEvent::Received(message)),
        Poll::Ready(Err(ReadError::Gone)) => Poll::Ready(SocketEvent::Disconnected),
        Poll::Ready(Err(ReadError::Failed(error))) => Poll::Ready(SocketEvent::Failed(error)),
        Poll::Ready(Err(ReadError::Refused(close))) => Poll::Ready(SocketEvent::MustClose(close)),
        Poll::Pending if io.has_partial_write() => match io.poll_write(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(SocketEvent::Failed(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        },
        Poll::Pending => Poll::Pending,
    }
}

/// Puts a frame of an operation into the outbox.
fn enqueue(
    outbox: &mut Outbox,
    operations: &mut SocketOperations,
    id: &Arc<str>,
    frame: Frame,
) -> Result<(), CloseReason> {
    // An operation that the client has just completed may still produce a last frame.
    let Some(operation) = operations.get(id) else { return Ok(()) };
    match frame {
        Frame::Next(payload, _) => outbox.push(operation.sink.message(&payload)),
        Frame::Error(errors) => {
            outbox.push(Message::text(protocol::with_payload(&protocol::head("error", id), &errors)));
            operations.remove(id);
        }
        Frame::Complete => {
            outbox.push(complete(id));
            operations.remove(id);
        }
        Frame::TryAgain => return Err(CloseReason::TryAgainLater),
    }
    Ok(())
}

fn complete(id: &str) -> Message {
    Message::text(protocol::head("complete", id) + "}")
}

/// The close reason for an error of the WebSocket itself; `None` if the client is gone.
fn close_for(error: &SocketError) -> Option<CloseReason> {
    match error {
        SocketError::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseReason::FrameTooLarge),
        SocketError::Utf8(_) => Some(CloseReason::NotText),
        _ => None,
    }
}

fn too_many_operations(id: &str) -> String {
    let limit = limits::OPERATIONS_PER_SOCKET;
    let code = graphql::code(&Error::RateLimited { retry_after: Duration::from_secs(1) });
    let errors = serde_json::json!([{
        "message": format!("this socket has {limit} operations under way, complete one first"),
        "extensions": { "code": code, "retryAfterMs": 1_000 },
    }]);
    protocol::with_payload(&protocol::head("error", id), &errors.to_string())
}
