//! GraphQL over server-sent events, in the distinct connections mode: one operation for each request, and its results as
//! events. The id of an event is its cursor in the feed, so that `Last-Event-ID` resumes.
//!
//! ```text
//!  request ─▶ subscription ─▶ stream: next, next, … ─┬─ the operation ends: complete
//!     │                                              └─ server restarts, session over, database away: just closed
//!     └─▶ query, mutation ─▶ next, complete
//! ```
//!
//! hyper writes it: it takes the next event when it has room for it, and a client that does not read is closed after the
//! time limit of every write (`timed_stream.rs`).
//!
//! The protocol: <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>. The format:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method, Request};
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::{Sleep, sleep_until};

use super::negotiate;
use crate::accounts::SessionEnd;
use crate::clock;
use crate::error::Error;
use crate::graphql::{self, Frame};
use crate::limits;
use crate::presence::Device;

/// Says that a response goes on until its client leaves: its connection is busy.
#[derive(Clone, Copy, Debug)]
pub(super) struct GoesOn;

/// How a client comes back after its stream was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComesBack {
    /// As a browser's `EventSource`, which sends GET: it waits as long as the stream says, and gives up after any answer
    /// but a stream.
    AfterRetry,
    /// As a client with a POST: it knows its own pauses and takes errors of HTTP. Older versions of the npm client
    /// graphql-sse fail on a line that they do not expect, such as `retry`.
    ByItself,
}

impl ComesBack {
    /// How the client of a request does.
    pub(super) fn of(method: &Method) -> Self {
        if method == Method::GET { Self::AfterRetry } else { Self::ByItself }
    }

    /// What it is sent when there was nothing else for a while.
    fn heartbeat(self) -> &'static str {
        match self {
            Self::AfterRetry => HEARTBEAT_EVENT,
            Self::ByItself => COMMENT,
        }
    }
}

/// What the events of a stream come from, and what ends it.
pub(super) struct EventSources {
    pub(super) frames: BoxStream<'static, Frame>,
    /// The text of a cursor.
    pub(super) cursor_text: Box<dyn Fn(crate::feed::Cursor) -> String + Send>,
    /// Resolves when the session of the client is over.
    pub(super) session: BoxFuture<'static, SessionEnd>,
    /// Resolves when the server begins to stop.
    pub(super) shutdown: BoxFuture<'static, ()>,
    pub(super) comes_back: ComesBack,
    pub(super) request_id: String,
    /// The person is online for as long as the stream is open.
    pub(super) _device: Device,
}

/// The events of a subscription as the body of a response.
struct EventStream {
    sources: EventSources,
    heartbeat: Pin<Box<Sleep>>,
    /// What is sent before anything else.
    opening: Option<Bytes>,
    has_ended: bool,
}

/// The response with the events of a subscription.
pub(super) fn stream(sources: EventSources) -> Response {
    let opening = match sources.comes_back {
        // How long to wait before it comes back, also after a crash of the server.
        ComesBack::AfterRetry => retry_line(limits::EVENT_STREAM_RETRY),
        // So that proxies and clients see that it is open.
        ComesBack::ByItself => COMMENT.to_owned(),
    };
    let heartbeat = Box::pin(sleep_until(clock::instant() + limits::PING_EVERY));
    let body = EventStream { sources, heartbeat, opening: Some(opening.into()), has_ended: false };
    let mut response = respond(Body::from_stream(body));
    // Nothing comes after it.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.extensions_mut().insert(GoesOn);
    response
}

/// The response with the one result of a query or mutation.
pub(super) fn once(result: &async_graphql::Response) -> Response {
    let result = graphql::to_json(result);
    respond(Body::from(next(None, &String::from_utf8_lossy(&result)) + COMPLETE))
}

/// Whether a request is that of an `EventSource`, which gives up for good after any answer but a stream.
pub(super) fn is_event_source<B>(request: &Request<B>) -> bool {
    ComesBack::of(request.method()) == ComesBack::AfterRetry && negotiate::prefers_events(request.headers())
}

/// The response to an `EventSource` that cannot be served now: it comes back, as it would after no other answer.
pub(super) fn try_again(retry_after: Duration) -> Response {
    let mut response = respond(Body::from(retry_line(retry_after.max(limits::EVENT_STREAM_RETRY))));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn respond(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect events until they fill a buffer.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// A comment, which clients ignore.
const COMMENT: &str = ":\n";

/// An event without a result: scripts do not see the comments of a browser's `EventSource`, and so would not notice a line
/// that is dead.
const HEARTBEAT_EVENT: &str = "event: heartbeat\ndata:\n\n";

/// The end of an operation.
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// A result. JSON has no line breaks, so it is one line.
fn next(id: Option<&str>, result: &str) -> String {
    match id {
        Some(id) => format!("event: next\nid: {id}\ndata: {result}\n\n"),
        None => format!("event: next\ndata: {result}\n\n"),
    }
}

/// How long to wait before connecting again: up to twice as long, so that not all come at once.
fn retry_line(least: Duration) -> String {
    let least = u64::try_from(least.as_millis()).unwrap_or(u64::MAX / 2);
    let spread = getrandom::u32().map_or(0, u64::from) % least.max(1);
    format!("retry: {}\n\n", least + spread)
}

impl EventStream {
    /// What is sent for a frame.
    fn event(&mut self, frame: Frame) -> String {
        match frame {
            Frame::Next(result, cursor) => {
                let id = cursor.map(&self.sources.cursor_text);
                next(id.as_deref(), &result)
            }
            Frame::Error(errors) => self.failed(&errors),
            Frame::Complete => {
                self.has_ended = true;
                COMPLETE.to_owned()
            }
            Frame::TryAgain => self.closed(),
        }
    }

    /// Ends the operation with errors.
    fn failed(&mut self, errors: &str) -> String {
        self.has_ended = true;
        next(None, &format!(r#"{{"errors":{errors}}}"#)) + COMPLETE
    }

    /// Ends the stream without ending the operation: the client comes back and resumes.
    fn closed(&mut self) -> String {
        self.has_ended = true;
        match self.sources.comes_back {
            ComesBack::AfterRetry => retry_line(limits::EVENT_STREAM_RETRY),
            ComesBack::ByItself => COMMENT.to_owned(),
        }
    }

    fn over(&mut self, end: SessionEnd) -> String {
        match end {
            // It must not come back, as it would have to sign in first.
            SessionEnd::Ended => self.failed(&graphql::refusal(Error::Unauthenticated, &self.sources.request_id)),
            // A client that has a fresh token comes back with it.
            SessionEnd::Expired => self.closed(),
        }
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        let event = if let Some(opening) = this.opening.take() {
            return Poll::Ready(Some(Ok(opening)));
        } else if let Poll::Ready(end) = this.sources.session.poll_unpin(cx) {
            this.over(end)
        } else if this.sources.shutdown.poll_unpin(cx).is_ready() {
            this.closed()
        } else {
            match this.sources.frames.poll_next_unpin(cx) {
                Poll::Ready(Some(frame)) => this.event(frame),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if this.heartbeat.poll_unpin(cx).is_ready() => {
                    this.sources.comes_back.heartbeat().to_owned()
                }
                Poll::Pending => return Poll::Pending,
            }
        };
        this.heartbeat.as_mut().reset(clock::instant() + limits::PING_EVERY);
        Poll::Ready(Some(Ok(event.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_an_event_with_its_cursor_as_id() {
        assert_eq!(next(Some("c"), r#"{"data":1}"#), "event: next\nid: c\ndata: {\"data\":1}\n\n");
        assert_eq!(next(None, "{}"), "event: next\ndata: {}\n\n");
    }

    #[test]
    fn a_heartbeat_is_an_event_for_scripts_in_pages_and_a_comment_for_others() {
        assert_eq!(ComesBack::of(&Method::GET).heartbeat(), "event: heartbeat\ndata:\n\n");
        assert_eq!(ComesBack::of(&Method::POST).heartbeat(), ":\n");
    }

    #[test]
    fn clients_come_back_at_different_times() {
        let line = retry_line(Duration::from_secs(1));
        let wait: u64 = line.strip_prefix("retry: ").and_then(|rest| rest.trim().parse().ok()).expect("a number");
        assert!((1_000..2_000).contains(&wait) && line.ends_with("\n\n"), "{line:?}");
    }
}
