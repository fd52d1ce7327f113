//! One socket from its upgrade to its end: a task that reads, runs operations and writes, and waits for none of them.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable};
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::SocketCaller;
use super::close::Close;
use super::outbox::Outbox;
use super::pace::Pace;
use super::protocol::{self, Incoming, Init};
use super::sign_in::SignedIn;
use super::waiting::Place;
use crate::error::Error;
use crate::graphql::{Api, Caller, Frame, Resume, Run};
use crate::limits;

/// Runs a socket to its end. When `drain` is cancelled it ends after a random part of `spread`.
pub(super) async fn run(mut connection: Connection, drain: CancellationToken, spread: impl Fn() -> Duration) {
    let end = {
        let mut leaving = pin!(async {
            drain.cancelled().await;
            tokio::time::sleep(spread().mul_f64(random_fraction())).await;
        });
        tokio::select! {
            end = connection.serve() => end,
            () = &mut leaving => Some(Close::ServiceRestart),
        }
    };
    if end == Some(Close::ServiceRestart) {
        // What takes longer is cut off.
        let _ = timeout(limits::REQUEST, Box::pin(connection.finish())).await;
    }
    Box::pin(connection.end(end)).await;
}

/// A socket, with all that is under way on it.
pub(super) struct Connection {
    socket: WebSocket,
    api: Api,
    caller: SocketCaller,
    outbox: Outbox,
    /// The operations under way, as one stream, and the handles to stop them.
    running: SelectAll<BoxStream<'static, Said>>,
    /// What they have said and is not in the outbox yet.
    said: Vec<Said>,
    operations: HashMap<Arc<str>, Operation>,
    /// Held until `connection_init` has come.
    place: Option<Place>,
    signed_in: Option<SignedIn>,
    /// Ends when the session does.
    watch: Option<BoxFuture<'static, Close>>,
    timer: Pin<Box<Sleep>>,
    pace: Pace,
    opened: Instant,
    heard: Instant,
    pinged: Option<Instant>,
}

struct Operation {
    is_subscription: bool,
    stop: AbortHandle,
    /// The start of its messages.
    next: String,
}

/// A frame of an operation, with the operation's id.
type Said = (Arc<str>, Frame);

/// What wakes the task.
enum Wake {
    Heard(Message),
    Said,
    Gone,
    Failed(axum::Error),
    Time,
    /// The session has ended.
    Over(Close),
}

impl Connection {
    pub(super) fn new(socket: WebSocket, api: Api, caller: SocketCaller, place: Option<Place>) -> Self {
        let now = Instant::now();
        Self {
            socket,
            api,
            caller,
            outbox: Outbox::default(),
            running: SelectAll::new(),
            said: Vec::new(),
            operations: HashMap::new(),
            place,
            signed_in: None,
            watch: None,
            timer: Box::pin(sleep_until(now + limits::INIT_WAIT)),
            pace: Pace::new(now),
            opened: now,
            heard: now,
            pinged: None,
        }
    }

    /// Serves until the client goes (`None`) or is sent away.
    async fn serve(&mut self) -> Option<Close> {
        loop {
            match self.wake().await {
                Wake::Heard(message) => {
                    if let Err(close) = self.hear(message).await {
                        return Some(close);
                    }
                }
                Wake::Said => {
                    for (id, frame) in std::mem::take(&mut self.said) {
                        if let Err(close) = self.say(&id, frame) {
                            return Some(close);
                        }
                    }
                }
                Wake::Time => {
                    if let Err(end) = self.check_time() {
                        return end;
                    }
                }
                Wake::Over(close) => return Some(close),
                Wake::Gone => return None,
                Wake::Failed(error) => return refusal_of(error),
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let deadline = self.deadline();
        let Self { socket, outbox, running, said, watch, timer, .. } = self;
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        poll_fn(|cx| {
            if let Some(Poll::Ready(close)) = watch.as_mut().map(|watch| watch.poll_unpin(cx)) {
                return Poll::Ready(Wake::Over(close));
            }
            if timer.poll_unpin(cx).is_ready() {
                return Poll::Ready(Wake::Time);
            }
            match poll(socket, outbox, running, said, cx) {
                // The client has just stopped to read: there is an earlier deadline now.
                Poll::Pending if outbox.deadline().is_some_and(|stalled| stalled < deadline) => Poll::Ready(Wake::Time),
                wake => wake,
            }
        })
        .await
    }

    /// Answers the queries and mutations under way. Subscriptions need not be waited for: they resume.
    async fn finish(&mut self) {
        while self.operations.values().any(|operation| !operation.is_subscription) {
            match self.wake().await {
                Wake::Said => {
                    for (id, frame) in std::mem::take(&mut self.said) {
                        if self.say(&id, frame).is_err() {
                            return;
                        }
                    }
                }
                // What comes now comes too late.
                Wake::Heard(_) => {}
                Wake::Time if self.check_time().is_ok() => {}
                Wake::Time | Wake::Gone | Wake::Failed(_) | Wake::Over(_) => return,
            }
        }
    }

    fn deadline(&self) -> Instant {
        let alive = match (&self.signed_in, self.pinged) {
            (None, _) => self.opened + limits::INIT_WAIT,
            (Some(_), Some(pinged)) => pinged + limits::PONG_WAIT,
            (Some(_), None) => self.heard + limits::PING_EVERY,
        };
        self.outbox.deadline().map_or(alive, |stalled| stalled.min(alive))
    }

    fn check_time(&mut self) -> Result<(), Option<Close>> {
        let now = Instant::now();
        if self.outbox.deadline().is_some_and(|deadline| deadline <= now) {
            return Err(Some(Close::TryAgainLater));
        }
        if self.signed_in.is_none() {
            let is_late = self.opened + limits::INIT_WAIT <= now;
            return if is_late { Err(Some(Close::InitialisationTimeout)) } else { Ok(()) };
        }
        match self.pinged {
            // Nobody is there to be told.
            Some(pinged) if pinged + limits::PONG_WAIT <= now => Err(None),
            None if self.heard + limits::PING_EVERY <= now => {
                self.outbox.push(Message::Ping(axum::body::Bytes::new()));
                self.pinged = Some(now);
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Close> {
        self.heard = Instant::now();
        self.pinged = None;
        if !self.pace.take(self.heard) {
            return Err(Close::TooManyFrames);
        }
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::BadRequest("Binary message")),
            // The library answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
        };
        match Incoming::parse(&text)? {
            // Boxed, as it happens once, and a socket that waits is to be small.
            Incoming::Init(init) => Box::pin(self.init(init)).await,
            Incoming::Ping => {
                // An answer may wait while the client does not read; a client that asks on and on without reading may not.
                if !self.outbox.has_room() {
                    return Err(Close::TryAgainLater);
                }
                self.outbox.push(Message::text(protocol::PONG));
                Ok(())
            }
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { id, request } => self.subscribe(id, *request),
            Incoming::Complete { id } => {
                if let Some(operation) = self.operations.remove(id.as_str()) {
                    operation.stop.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, init: Init) -> Result<(), Close> {
        if self.signed_in.is_some() {
            return Err(Close::TooManyInitialisations);
        }
        let (signed_in, watch) = SignedIn::by(&self.api, &mut self.caller, init).await?;
        self.place = None;
        self.signed_in = Some(signed_in);
        self.watch = Some(watch);
        self.outbox.push(Message::text(protocol::ACK));
        Ok(())
    }

    fn subscribe(&mut self, id: String, request: async_graphql::Request) -> Result<(), Close> {
        let signed_in = self.signed_in.as_mut().ok_or(Close::Unauthorized)?;
        if self.operations.contains_key(id.as_str()) {
            return Err(Close::SubscriberExists);
        }
        if self.operations.len() >= limits::OPERATIONS_PER_SOCKET {
            if !self.outbox.has_room() {
                return Err(Close::TryAgainLater);
            }
            self.outbox.push(Message::text(too_many_operations(&id)));
            return Ok(());
        }
        let caller = Caller {
            viewer: Some(signed_in.viewer.clone()),
            address: self.caller.address,
            user_agent: self.caller.user_agent.clone(),
            request_id: uuid::Uuid::now_v7().to_string(),
        };
        let resume = Resume { own: signed_in.resume_from.remove(&id), first: Arc::clone(&signed_in.resume_first) };
        let next = protocol::head("next", &id);
        let id: Arc<str> = id.into();
        let Run { is_subscription, frames } = self.api.run(request, caller, resume);
        let (frames, stop) = abortable(frames);
        let named = Arc::clone(&id);
        self.running.push(frames.map(move |frame| (Arc::clone(&named), frame)).boxed());
        self.operations.insert(id, Operation { is_subscription, stop, next });
        Ok(())
    }

    fn say(&mut self, id: &Arc<str>, frame: Frame) -> Result<(), Close> {
        // One that was completed a moment ago may have had a last word on its way.
        let Some(operation) = self.operations.get(id) else { return Ok(()) };
        match frame {
            Frame::Next(payload) => {
                self.outbox.push(Message::text(protocol::with_payload(&operation.next, &payload)));
            }
            Frame::Error(errors) => {
                self.outbox.push(Message::text(protocol::with_payload(&protocol::head("error", id), &errors)));
                self.operations.remove(id);
            }
            Frame::Complete => {
                self.complete(id);
                self.operations.remove(id);
            }
            Frame::TryAgain => return Err(Close::TryAgainLater),
        }
        Ok(())
    }

    fn complete(&mut self, id: &str) {
        self.outbox.push(Message::text(protocol::head("complete", id) + "}"));
    }

    /// Says good-bye, for as long as the client listens.
    async fn end(&mut self, close: Option<Close>) {
        let Some(close) = close else { return };
        self.running.clear();
        if matches!(close, Close::Unauthorized) {
            let ids: Vec<Arc<str>> = self.operations.drain().map(|(id, _)| id).collect();
            for id in ids {
                self.complete(&id);
            }
        }
        self.outbox.push(Message::Close(Some(close.frame())));
        let Self { socket, outbox, .. } = self;
        let farewell = async {
            if poll_fn(|cx| outbox.poll_write(socket, cx)).await.is_ok() {
                // Until the client has answered or gone.
                while let Some(Ok(_)) = socket.next().await {}
            }
        };
        // A client that does not listen is not waited for.
        let _ = timeout(limits::LINGER, farewell).await;
    }
}

/// Frames that are taken from the operations before any is written.
const SAID_AT_ONCE: usize = 64;

/// Makes, writes and reads, in this order, so that all that is ready goes into one write.
fn poll(
    socket: &mut WebSocket,
    outbox: &mut Outbox,
    running: &mut SelectAll<BoxStream<'static, Said>>,
    said: &mut Vec<Said>,
    cx: &mut Context<'_>,
) -> Poll<Wake> {
    loop {
        let had_room = outbox.has_room();
        // A position waits where it is while the client does not read: nothing is made that there is no room for.
        let mut bytes = 0;
        while outbox.has_room_beside(said.len(), bytes)
            && said.len() < SAID_AT_ONCE
            && let Poll::Ready(Some((id, frame))) = running.poll_next_unpin(cx)
        {
            bytes += frame.bytes();
            said.push((id, frame));
        }
        if !said.is_empty() {
            return Poll::Ready(Wake::Said);
        }
        if let Poll::Ready(Err(error)) = outbox.poll_write(socket, cx) {
            return Poll::Ready(Wake::Failed(error));
        }
        // Where the write made room, the operations are asked now: they were not, and wake nobody by themselves.
        if had_room || !outbox.has_room() {
            break;
        }
    }
    match socket.poll_next_unpin(cx) {
        Poll::Ready(Some(Ok(message))) => Poll::Ready(Wake::Heard(message)),
        Poll::Ready(Some(Err(error))) => Poll::Ready(Wake::Failed(error)),
        Poll::Ready(None) => Poll::Ready(Wake::Gone),
        Poll::Pending => Poll::Pending,
    }
}

/// What to say about an error of the WebSocket itself.
fn refusal_of(error: axum::Error) -> Option<Close> {
    use tungstenite::Error as WebSocketError;
    use tungstenite::error::CapacityError;

    match error.into_inner().downcast_ref::<WebSocketError>()? {
        WebSocketError::Capacity(CapacityError::MessageTooLong { .. }) => Some(Close::FrameTooLarge),
        WebSocketError::Utf8(_) => Some(Close::NotText),
        // The connection has its own watch over readers who do not read.
        WebSocketError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Some(Close::TryAgainLater),
        _ => None,
    }
}

fn too_many_operations(id: &str) -> String {
    let limit = limits::OPERATIONS_PER_SOCKET;
    let code = crate::graphql::code(&Error::RateLimited { retry_after: Duration::from_secs(1) });
    let errors = serde_json::json!([{
        "message": format!("this socket has {limit} operations under way, complete one first"),
        "extensions": { "code": code, "retryAfterMs": 1_000 },
    }]);
    protocol::with_payload(&protocol::head("error", id), &errors.to_string())
}

fn random_fraction() -> f64 {
    // Without random numbers all leave at once, which is only less polite.
    getrandom::u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX))
}
