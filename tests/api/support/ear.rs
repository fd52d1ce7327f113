//! Subscriptions without a socket, whose results can be seen to be the same value in memory.

use std::sync::Arc;

use async_graphql::Request;
use futures_util::StreamExt;
use parlour::graphql::{Frame, FrameSink, Json, Resume, RunningOperation};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::counted::Counted;

/// A subscription, and what it has delivered without its task.
pub struct Ear {
    run: RunningOperation,
    delivered: UnboundedReceiver<Json>,
}

struct Sink(UnboundedSender<Json>);

impl FrameSink for Sink {
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool {
        while let Some(payload) = next() {
            self.0.send(payload).expect("somebody listens");
        }
        true
    }
}

impl Ear {
    /// Subscribes at a second program, with the token of a person.
    pub async fn listen(at: &Counted, token: &str, document: &str) -> Self {
        let (sink, delivered) = unbounded_channel();
        let run =
            at.api.run(Request::new(document), at.caller(token).await, Resume::default(), Some(Arc::new(Sink(sink))));
        Self { run, delivered }
    }

    /// The next result.
    pub async fn next(&mut self) -> Json {
        tokio::select! {
            frame = self.run.frames.next() => match frame {
                Some(Frame::Next(payload, _)) => payload,
                other => panic!("no event: {other:?}"),
            },
            payload = self.delivered.recv() => payload.expect("an event"),
        }
    }
}
