//! How sockets are closed. Stock clients read the codes: they come back after most of them, and stop after those that
//! start with 44, but for 4403, after which ours ask for fresh parameters.

use tungstenite::Utf8Bytes;
use tungstenite::protocol::CloseFrame;

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The server is going down: come back in a moment, to another node or to the next process.
    ServiceRestart,
    /// The client does not read, or the server has too much to do: come back and resume.
    TryAgainLater,
    /// The client floods the server.
    TooManyFrames,
    /// The client continues a message with nothing, which it could do for ever.
    EmptyFragment,
    /// The person has as many sockets as they may.
    TooManyConnections,
    /// A frame is larger than the server takes.
    FrameTooLarge,
    /// A frame is not UTF-8.
    NotText,
    /// A message is not of the protocol; the text says in what way.
    BadRequest(&'static str),
    /// Nobody is signed in, or the session was ended.
    Unauthorized,
    /// The session's time is over: fresh parameters may help.
    Forbidden,
    /// `connection_init` did not come in time.
    InitialisationTimeout,
    /// An operation has the id of one that is under way.
    SubscriberExists,
    /// `connection_init` came twice.
    TooManyInitialisations,
}

impl CloseReason {
    /// The code, of RFC 6455 (7.4) and of the protocol.
    fn code(self) -> u16 {
        match self {
            Self::ServiceRestart => 1012,
            Self::TryAgainLater => 1013,
            Self::TooManyFrames | Self::EmptyFragment | Self::TooManyConnections => 1008,
            Self::FrameTooLarge => 1009,
            Self::NotText => 1007,
            Self::BadRequest(_) => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::InitialisationTimeout => 4408,
            Self::SubscriberExists => 4409,
            Self::TooManyInitialisations => 4429,
        }
    }

    /// The reason, which has room for 123 bytes.
    fn reason(self) -> &'static str {
        match self {
            Self::ServiceRestart => "Service restart",
            Self::TryAgainLater => "Try again later",
            Self::TooManyFrames => "Too many frames",
            Self::EmptyFragment => "Empty fragment",
            Self::TooManyConnections => "Too many connections",
            Self::FrameTooLarge => "Frame too large",
            Self::NotText => "Not UTF-8",
            Self::BadRequest(reason) => reason,
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Session expired",
            Self::InitialisationTimeout => "Connection initialisation timeout",
            Self::SubscriberExists => "Subscriber already exists",
            Self::TooManyInitialisations => "Too many initialisation requests",
        }
    }

    /// The frame.
    pub(super) fn frame(self) -> CloseFrame {
        CloseFrame { code: self.code().into(), reason: Utf8Bytes::from_static(self.reason()) }
    }
}
