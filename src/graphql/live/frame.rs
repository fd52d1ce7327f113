//! The messages of an operation to its client on a socket.

use crate::feed::Cursor;
use crate::graphql::Json;

/// A message of an operation to its client.
#[derive(Debug)]
pub enum Frame {
    /// A result, as JSON, and the cursor to resume from after it, if it is of the feed.
    Next(Json, Option<Cursor>),
    /// The operation ends with errors, as JSON, that a retry would not change.
    Error(Json),
    /// The operation is complete.
    Complete,
    /// The operation cannot continue now: the socket is to be closed, so that the client reconnects and resumes.
    TryAgain,
}

impl Frame {
    /// Its approximate size in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Next(json, _) | Self::Error(json) => json.len(),
            Self::Complete | Self::TryAgain => 0,
        }
    }
}

/// Accepts results of an operation for immediate sending, without waking the operation's task.
pub trait FrameSink: Send + Sync {
    /// Sends what `next` returns, until it returns `None` or there is no room. `false` if the operation's task is
    /// running or has to continue.
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool;
}

/// The sender of frames in the task of an operation.
pub(in crate::graphql) type Frames = asynk_strim::Yielder<Frame>;
