//! One socket from its upgrade to its end: a task that reads, runs operations and writes, and waits for none of them.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable};
use futures_util::{FutureExt, StreamExt};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tungstenite::error::CapacityError;
use tungstenite::{Error as SocketError, Message};

use super::SocketCaller;
use super::close::Close;
use super::line::{Line, ReadEnd, Voice, Wire};
use super::outbox::Outbox;
use super::protocol::{self, Incoming, Init};
use super::sign_in::SignedIn;
use super::waiting::Place;
use crate::error::Error;
use crate::graphql::{Api, Caller, Frame, Resume, RunningOperation};
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
    if end == Some(Close::Unauthorized) {
        // It may be a mutation on this socket that has ended the session: it is answered.
        connection.complete(|operation| operation.is_subscription);
        let _ = timeout(limits::LINGER, Box::pin(connection.finish())).await;
    }
    Box::pin(connection.end(end)).await;
}

/// A socket, with all that is under way on it.
pub(super) struct Connection {
    line: Arc<Line>,
    api: Api,
    caller: SocketCaller,
    /// The operations under way, as one stream, and what is known of each.
    running: SelectAll<BoxStream<'static, Said>>,
    operations: Operations,
    /// Held until `connection_init` has come.
    place: Option<Place>,
    signed_in: Option<SignedIn>,
    /// Ends when the session does.
    watch: Option<BoxFuture<'static, Close>>,
    timer: Pin<Box<Sleep>>,
    opened: Instant,
    heard: Instant,
    pinged: Option<Instant>,
}

type Operations = HashMap<Arc<str>, Operation>;

struct Operation {
    is_subscription: bool,
    stop: AbortHandle,
    voice: Arc<Voice>,
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.voice.end();
        self.stop.abort();
    }
}

/// A frame of an operation, with the operation's id.
type Said = (Arc<str>, Frame);

/// What wakes the task.
enum Wake {
    Heard(Message),
    /// Something was said, and there may be more.
    Said,
    Gone,
    Failed(SocketError),
    Time,
    /// The session or an operation has ended so that the socket must.
    Over(Close),
}

impl Connection {
    pub(super) fn new(line: Line, api: Api, caller: SocketCaller, place: Option<Place>) -> Self {
        let now = Instant::now();
        Self {
            line: Arc::new(line),
            api,
            caller,
            running: SelectAll::new(),
            operations: HashMap::new(),
            place,
            signed_in: None,
            watch: None,
            timer: Box::pin(sleep_until(now + limits::INIT_WAIT)),
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
                // However quickly there is more to say and a client takes it: others have their turn.
                Wake::Said => yield_now().await,
                Wake::Time => {
                    if let Err(end) = self.check_time() {
                        return end;
                    }
                }
                Wake::Over(close) => return Some(close),
                Wake::Gone => return None,
                Wake::Failed(error) => return refusal_of(&error),
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let deadline = self.deadline();
        let Self { line, running, operations, watch, timer, .. } = self;
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        poll_fn(|cx| {
            if let Some(Poll::Ready(close)) = watch.as_mut().map(|watch| watch.poll_unpin(cx)) {
                *watch = None;
                return Poll::Ready(Wake::Over(close));
            }
            if timer.poll_unpin(cx).is_ready() {
                return Poll::Ready(Wake::Time);
            }
            let mut wire = line.hold();
            match poll(&mut wire, running, operations, cx) {
                // The client has just stopped to read: there is an earlier deadline now.
                Poll::Pending if wire.outbox.deadline().is_some_and(|stalled| stalled < deadline) => {
                    Poll::Ready(Wake::Time)
                }
                wake => wake,
            }
        })
        .await
    }

    /// Answers the queries and mutations under way. Subscriptions need not be waited for: they resume.
    async fn finish(&mut self) {
        while self.operations.values().any(|operation| !operation.is_subscription) {
            match self.wake().await {
                // What comes now comes too late.
                Wake::Said | Wake::Heard(_) => {}
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
        self.line.hold().outbox.deadline().map_or(alive, |stalled| stalled.min(alive))
    }

    fn check_time(&mut self) -> Result<(), Option<Close>> {
        let now = Instant::now();
        if self.line.hold().outbox.deadline().is_some_and(|deadline| deadline <= now) {
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
                self.push(Message::Ping(axum::body::Bytes::new()));
                self.pinged = Some(now);
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Close> {
        self.heard = Instant::now();
        self.pinged = None;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::BadRequest("Binary message")),
            // The library answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Ok(()),
        };
        match Incoming::parse(&text)? {
            // Boxed, as it happens once, and a socket that waits is to be small.
            Incoming::Init(init) => Box::pin(self.init(init)).await,
            Incoming::Ping => {
                // An answer may wait while the client does not read; a client that asks on and on without reading may not.
                if !self.line.hold().outbox.has_room() {
                    return Err(Close::TryAgainLater);
                }
                self.push(Message::text(protocol::PONG));
                Ok(())
            }
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { id, request } => self.subscribe(id, *request),
            Incoming::Complete { id } => {
                self.operations.remove(id.as_str());
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
        self.push(Message::text(protocol::ACK));
        Ok(())
    }

    fn subscribe(&mut self, id: String, request: async_graphql::Request) -> Result<(), Close> {
        let signed_in = self.signed_in.as_mut().ok_or(Close::Unauthorized)?;
        if self.operations.contains_key(id.as_str()) {
            return Err(Close::SubscriberExists);
        }
        if self.operations.len() >= limits::OPERATIONS_PER_SOCKET {
            if !self.line.hold().outbox.has_room() {
                return Err(Close::TryAgainLater);
            }
            self.push(Message::text(too_many_operations(&id)));
            return Ok(());
        }
        let caller = Caller {
            viewer: Some(signed_in.viewer.clone()),
            address: self.caller.address,
            user_agent: self.caller.user_agent.clone(),
            request_id: uuid::Uuid::now_v7().to_string(),
        };
        let resume = Resume { own: signed_in.resume_from.remove(&id), first: Arc::clone(&signed_in.resume_first) };
        let voice = Arc::new(Voice::new(Arc::clone(&self.line), &id));
        let id: Arc<str> = id.into();
        let RunningOperation { is_subscription, frames } =
            self.api.run(request, caller, resume, Arc::clone(&voice) as _);
        let (frames, stop) = abortable(frames);
        let named = Arc::clone(&id);
        self.running.push(frames.map(move |frame| (Arc::clone(&named), frame)).boxed());
        self.operations.insert(id, Operation { is_subscription, stop, voice });
        Ok(())
    }

    /// Ends operations from this side.
    fn complete(&mut self, which: impl Fn(&Operation) -> bool) {
        for (id, _) in self.operations.extract_if(|_, operation| which(operation)) {
            self.line.hold().outbox.push(complete(&id));
        }
    }

    fn push(&self, message: Message) {
        self.line.hold().outbox.push(message);
    }

    /// Says good-bye, for as long as the client listens.
    async fn end(&mut self, close: Option<Close>) {
        let Some(close) = close else { return };
        self.running.clear();
        if matches!(close, Close::Unauthorized) {
            self.complete(|_| true);
        }
        self.push(Message::Close(Some(close.frame())));
        let farewell = async {
            if poll_fn(|cx| self.line.hold().poll_write(cx)).await.is_ok() {
                // Until the client has answered or gone.
                let mut left = limits::FAREWELL_BYTES;
                poll_fn(|cx| self.line.hold().poll_farewell(&mut left, cx)).await;
            }
        };
        // A client that does not listen is not waited for.
        let _ = timeout(limits::LINGER, farewell).await;
    }
}

/// Makes, writes and reads, in this order, so that all that is ready goes into one write.
fn poll(
    wire: &mut Wire,
    running: &mut SelectAll<BoxStream<'static, Said>>,
    operations: &mut Operations,
    cx: &mut Context<'_>,
) -> Poll<Wake> {
    let had_room = wire.outbox.has_room();
    let mut has_said = false;
    // A position waits where it is while the client does not read: nothing is made that there is no room for.
    while wire.outbox.has_room()
        && let Poll::Ready(Some((id, frame))) = running.poll_next_unpin(cx)
    {
        if let Err(close) = say(&mut wire.outbox, operations, &id, frame) {
            return Poll::Ready(Wake::Over(close));
        }
        has_said = true;
    }
    if let Poll::Ready(Err(error)) = wire.poll_write(cx) {
        return Poll::Ready(Wake::Failed(error));
    }
    // Where the write made room, the operations are asked again: they were not, and wake nobody by themselves.
    if wire.outbox.has_room() && (has_said || !had_room) {
        return Poll::Ready(Wake::Said);
    }
    match wire.poll_read(cx) {
        Poll::Ready(Ok(message)) => Poll::Ready(Wake::Heard(message)),
        Poll::Ready(Err(ReadEnd::Gone)) => Poll::Ready(Wake::Gone),
        Poll::Ready(Err(ReadEnd::Failed(error))) => Poll::Ready(Wake::Failed(error)),
        Poll::Ready(Err(ReadEnd::Refused(close))) => Poll::Ready(Wake::Over(close)),
        Poll::Pending if wire.owes() => match wire.poll_write(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Wake::Failed(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        },
        Poll::Pending => Poll::Pending,
    }
}

/// Puts a frame of an operation into the outbox.
fn say(outbox: &mut Outbox, operations: &mut Operations, id: &Arc<str>, frame: Frame) -> Result<(), Close> {
    // One that was completed a moment ago may have had a last word on its way.
    let Some(operation) = operations.get(id) else { return Ok(()) };
    match frame {
        Frame::Next(payload) => outbox.push(operation.voice.message(&payload)),
        Frame::Error(errors) => {
            outbox.push(Message::text(protocol::with_payload(&protocol::head("error", id), &errors)));
            operations.remove(id);
        }
        Frame::Complete => {
            outbox.push(complete(id));
            operations.remove(id);
        }
        Frame::TryAgain => return Err(Close::TryAgainLater),
    }
    Ok(())
}

fn complete(id: &str) -> Message {
    Message::text(protocol::head("complete", id) + "}")
}

/// What to say about an error of the WebSocket itself.
fn refusal_of(error: &SocketError) -> Option<Close> {
    match error {
        SocketError::Capacity(CapacityError::MessageTooLong { .. }) => Some(Close::FrameTooLarge),
        SocketError::Utf8(_) => Some(Close::NotText),
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
