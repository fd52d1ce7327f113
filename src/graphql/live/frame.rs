//! What goes to the client of an operation on a socket.

use crate::graphql::Json;

/// What goes to the client of an operation.
#[derive(Debug)]
pub enum Frame {
    /// A result, as JSON.
    Next(Json),
    /// The end, with errors as JSON that no retry can mend.
    Error(Json),
    /// The end.
    Complete,
    /// Nothing more can be told now: the whole socket is to be closed, so that the client comes back and resumes.
    TryAgain,
}

impl Frame {
    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Next(json) | Self::Error(json) => json.len(),
            Self::Complete | Self::TryAgain => 0,
        }
    }
}

/// Where the results of an operation can be put at once, without its task.
pub trait FrameSink: Send + Sync {
    /// Puts there what `next` gives, for as long as it gives something and there is room. `false` where the operation's
    /// task is at work or has to go on itself.
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool;
}

/// Where a running operation leaves its frames.
pub(in crate::graphql) type Frames = asynk_strim::Yielder<Frame>;
