//! What the server is and where its limits are.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::config::Directory;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::limits;

/// What `extensions.code` of an error can be. Input errors add `extensions.field`, the input's path; RATE_LIMITED and
/// SERVICE_UNAVAILABLE add `extensions.retryAfterMs`. The standard codes of malformed requests
/// (GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED) come besides. More may be added: clients must tolerate codes
/// that they do not know.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ErrorCode {
    /// An argument is not acceptable; `extensions.field` says which.
    BadUserInput,
    /// Nobody is signed in, or the session has ended.
    Unauthenticated,
    /// E-mail and password do not match an account.
    InvalidCredentials,
    /// Another account has this e-mail.
    EmailTaken,
    /// You may see it, but not do this to it. Of `signup`: accounts come from the operator.
    Forbidden,
    /// It does not exist, or you may not see it: the two can't be told apart.
    NotFound,
    /// Too much in too short a time; `extensions.retryAfterMs` says when to try again.
    RateLimited,
    /// The document is larger, deeper or returns more than one request may; the message says which, and how much.
    QueryTooComplex,
    /// The request's body is larger than the server takes, or an image is, or there is no more room for your images.
    PayloadTooLarge,
    /// Not an image that the server takes: send a JPEG, PNG, WebP or GIF, and all of it.
    UnsupportedImage,
    /// A feed cursor from which the server cannot resume.
    CursorExpired,
    /// Not done, or safe to repeat with the same id: `extensions.retryAfterMs` says when to try again.
    ServiceUnavailable,
    /// Something went wrong in the server; `extensions.requestId` finds it in the log.
    InternalServerError,
}

/// What the server is.
#[derive(SimpleObject)]
struct ServerInfo {
    /// The version of Parlour.
    version: &'static str,
    /// What this server can do beyond the basics: "groups", "presence", "resume"; and "signup" where anybody may make an
    /// account, else there is no use in showing a form for it. "directory" where everybody finds and sees everybody;
    /// "lookup" where people are found by their whole e-mail address or id. More may be added.
    features: Vec<&'static str>,
    /// The limits of this server.
    limits: ServerLimits,
    /// Every code that an error can have, beside the standard ones of malformed requests.
    error_codes: Vec<ErrorCode>,
}

/// The limits of this server.
#[derive(SimpleObject)]
struct ServerLimits {
    /// Characters (Unicode scalars) of a message.
    message_length: usize,
    /// Bytes of an image.
    image_bytes: usize,
    /// Pixels of an image.
    image_pixels: u32,
    /// The largest page of any list.
    page_size: u32,
    /// Members of a group, its owner included.
    group_members: usize,
    /// Bytes of a document.
    query_bytes: usize,
    /// Levels of fields in a document.
    query_depth: usize,
    /// Objects that a document can return.
    query_complexity: usize,
    /// Aliases in a document.
    query_aliases: usize,
    /// Operations under way on one socket.
    operations_per_socket: usize,
    /// Sockets of one person.
    sockets_per_user: usize,
    /// Days for which the feed's log is kept.
    feed_retention_days: u32,
    /// Events that a replay sends in all, read marks not counted.
    feed_replay_events: u64,
    /// Seconds after which somebody types no more who does not say so again.
    typing_seconds: u64,
}

/// Queries about the server.
#[derive(Default)]
pub struct ServerInfoQuery;

#[Object]
impl ServerInfoQuery {
    /// What this server is, and its limits. Anybody may ask.
    async fn server_info(&self, ctx: &Context<'_>) -> Result<ServerInfo> {
        let is_open = ctx.program()?.accounts.is_open_to_sign_ups().is_ok();
        let mut features = vec!["groups", "images", "presence", "resume", "search", "typing"];
        features.extend(is_open.then_some("signup"));
        features.extend(match ctx.app()?.config.directory {
            Directory::Open => ["directory", "lookup"].as_slice(),
            Directory::Shared => &["lookup"],
            Directory::Closed => &[],
        });
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION"),
            features,
            limits: ServerLimits {
                message_length: limits::MESSAGE_LENGTH,
                image_bytes: limits::IMAGE_BYTES,
                image_pixels: limits::IMAGE_PIXELS,
                page_size: limits::PAGE_SIZE,
                group_members: limits::GROUP_MEMBERS,
                query_bytes: limits::QUERY_BYTES,
                query_depth: limits::QUERY_DEPTH,
                query_complexity: limits::QUERY_COMPLEXITY,
                query_aliases: limits::QUERY_ALIASES,
                operations_per_socket: limits::OPERATIONS_PER_SOCKET,
                sockets_per_user: limits::SOCKETS_PER_USER,
                feed_retention_days: limits::FEED_RETENTION_DAYS,
                feed_replay_events: limits::REPLAY_EVENTS,
                typing_seconds: limits::TYPING.as_secs(),
            },
            error_codes: vec![
                ErrorCode::BadUserInput,
                ErrorCode::Unauthenticated,
                ErrorCode::InvalidCredentials,
                ErrorCode::EmailTaken,
                ErrorCode::Forbidden,
                ErrorCode::NotFound,
                ErrorCode::RateLimited,
                ErrorCode::QueryTooComplex,
                ErrorCode::PayloadTooLarge,
                ErrorCode::UnsupportedImage,
                ErrorCode::CursorExpired,
                ErrorCode::ServiceUnavailable,
                ErrorCode::InternalServerError,
            ],
        })
    }
}
