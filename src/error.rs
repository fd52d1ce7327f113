//! What can go wrong, as far as a caller can act on it. Causes travel inside and end in the log.
//!
//! Database errors become one in `db/fault.rs`, by `?`.

use std::borrow::Cow;
use std::time::Duration;

/// A variant for each code of the API's `ErrorCode` (three for FORBIDDEN), with the message that the caller reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument is invalid; `field` is its path in the input, such as `to.userId`.
    #[error("{message}")]
    BadUserInput {
        /// The path of the argument, in the API's spelling.
        field: Cow<'static, str>,
        /// What is wrong with it and what would be right.
        message: Cow<'static, str>,
    },
    /// The request is not signed in, or its session has ended.
    #[error("sign in to do this")]
    Unauthenticated,
    /// The e-mail is unknown or the password is wrong: callers do not learn which.
    #[error("e-mail and password do not match an account")]
    InvalidCredentials,
    /// Another account has this e-mail.
    #[error("this e-mail already has an account")]
    EmailTaken,
    /// The viewer may see it but not do this to it.
    #[error("you may not do this")]
    Forbidden,
    /// Only the operator creates accounts; the code is that of [`Self::Forbidden`].
    #[error("accounts are made by the operator of this server: ask them for one")]
    SignUpClosed,
    /// People sign in with the app's tokens only; the code is that of [`Self::Forbidden`].
    #[error("people sign in here with the tokens of an app: ask it for one")]
    LocalSignInClosed,
    /// It does not exist, or the viewer may not see it: the two look the same.
    #[error("there is no such thing, or you may not see it")]
    NotFound,
    /// Too much in too short a time.
    #[error("too many of these in a short time, try again later")]
    RateLimited {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// One subscription too many; the code is that of [`Self::RateLimited`].
    #[error(
        "your live subscriptions can return {taken} objects, this one {objects} more, and {limit} are the limit: complete \
         some, or ask for less"
    )]
    TooManyLiveObjects {
        /// Objects of all live subscriptions.
        limit: usize,
        /// Of those that are live.
        taken: usize,
        /// Of this one.
        objects: usize,
    },
    /// The document is larger or returns more than one request may.
    #[error("{0}")]
    QueryTooComplex(String),
    /// The request's body is too large.
    #[error("the request is too large: at most {limit} bytes are taken")]
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// An image that is too large, or one too many: the message says which bound it is.
    #[error("{0}")]
    ImageTooLarge(Cow<'static, str>),
    /// The upload is not an image that the server accepts; the message says why.
    #[error("{0}")]
    UnsupportedImage(&'static str),
    /// A feed cursor from which the server cannot resume.
    #[error("this cursor cannot be resumed from: fetch anew, or use `events`, which recovers by itself")]
    CursorExpired,
    /// Another subscription follows this consumer now.
    #[error("another subscription of the same consumer has taken over")]
    ConsumerTaken,
    /// Not done, for a reason that passes: a queue is full, the database is unavailable, the server is shutting down.
    #[error("the server cannot do this just now, try again")]
    Unavailable {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// The cause is for the log; the caller only learns that it happened.
    #[error("something went wrong on our side")]
    Internal(#[source] anyhow::Error),
}

/// The result of everything that decides.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An input error at a path of the input.
    pub fn input(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::BadUserInput { field: field.into(), message: message.into() }
    }

    /// A passing lack of capacity, worth another try after a second.
    pub fn unavailable() -> Self {
        Self::Unavailable { retry_after: Duration::from_secs(1) }
    }
}
