//! How sockets are closed. Stock clients read the codes: they reconnect after most of them, and stop after those that
//! start with 44. After 4403 our client reconnects with new parameters.

use tungstenite::Utf8Bytes;
use tungstenite::protocol::CloseFrame;

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The server shuts down: reconnect in a moment, to another node or to the next process.
    ServiceRestart,
    /// The client does not read, or the server is overloaded: reconnect and resume.
    TryAgainLater,
    /// The client floods the server.
    TooManyFrames,
    /// The client continues a message with an empty fragment, which it could do for ever.
    EmptyFragment,
    /// The person has the largest number of sockets already.
    TooManyConnections,
    /// A frame is larger than the server accepts.
    FrameTooLarge,
    /// A frame is not UTF-8.
    NotText,
    /// A message violates the protocol; the text says how.
    BadRequest(&'static str),
    /// The socket is not signed in, or the session was ended.
    Unauthorized,
    /// `connection_init` has no token, and there is no cookie that counts.
    NoCredential,
    /// The session has expired: new parameters may help.
    Forbidden,
    /// `connection_init` did not arrive in time.
    InitialisationTimeout,
    /// An operation has the id of another one in progress.
    SubscriberExists,
    /// `connection_init` was sent twice.
    TooManyInitialisations,
}

impl CloseReason {
    /// The code, of RFC 6455 (7.4) and of the protocol.
    pub(super) fn code(self) -> u16 {
        match self {
            Self::ServiceRestart => 1012,
            Self::TryAgainLater => 1013,
            Self::TooManyFrames | Self::EmptyFragment | Self::TooManyConnections => 1008,
            Self::FrameTooLarge => 1009,
            Self::NotText => 1007,
            Self::BadRequest(_) => 4400,
            Self::Unauthorized | Self::NoCredential => 4401,
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
            Self::NoCredential => {
                r#"Unauthorized: no cookie, and no {"authorization":"Bearer <token>"} in the payload of connection_init"#
            }
            Self::Forbidden => "Session expired",
            Self::InitialisationTimeout => "Connection initialisation timeout",
            Self::SubscriberExists => "Subscriber already exists",
            Self::TooManyInitialisations => "Too many initialisation requests",
        }
    }

    /// The frame.
    pub(crate) fn frame(self) -> CloseFrame {
        CloseFrame { code: self.code().into(), reason: Utf8Bytes::from_static(self.reason()) }
    }
}
