//! The server: its version, features, limits and error codes.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::config::{Directory, LOGO_PATH};
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::limits;

/// The values of `extensions.code` in errors. Input errors also have `extensions.field`, the path of the argument;
/// RATE_LIMITED and SERVICE_UNAVAILABLE have `extensions.retryAfterMs`. Malformed requests have the standard codes
/// GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED, which are not listed here. More codes may be added: clients must
/// tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ErrorCode {
    /// An argument is invalid; `extensions.field` says which one.
    BadUserInput,
    /// Nobody is signed in, or the session has ended.
    Unauthenticated,
    /// The e-mail and password do not match an account.
    InvalidCredentials,
    /// Another account has this e-mail.
    EmailTaken,
    /// You may see the object, but not perform this operation on it. For `signup`: only the operator creates accounts.
    Forbidden,
    /// The object does not exist or you may not see it; the two cases look the same.
    NotFound,
    /// A rate limit is exceeded; `extensions.retryAfterMs` says when to try again.
    RateLimited,
    /// The document exceeds a limit on size, depth or the number of returned objects; the message says which one.
    QueryTooComplex,
    /// The request body or an image is too large, or your images have reached your storage quota.
    PayloadTooLarge,
    /// The image is of an unsupported type, damaged or incomplete: send a JPEG, PNG, WebP or GIF.
    UnsupportedImage,
    /// The server cannot resume from this feed cursor.
    CursorExpired,
    /// Another subscription of the same consumer has taken over.
    ConsumerTaken,
    /// Temporarily unavailable: nothing was done, or a retry with the same id is safe. `extensions.retryAfterMs` says
    /// when to try again.
    ServiceUnavailable,
    /// An unexpected error in the server; `extensions.requestId` identifies it in the log.
    InternalServerError,
}

/// Information about the server.
#[derive(SimpleObject)]
struct ServerInfo {
    /// The version of Parlour.
    version: &'static str,
    /// What this server is called: "Parlour" unless its operator gave it another name.
    name: String,
    /// The address of a picture that stands for this server. Null if its operator set none.
    logo_url: Option<String>,
    /// What this server offers. "groups", "images", "presence", "resume", "search" and "typing" are in the list on every
    /// server of this version. The others depend on its settings: "signup" (anybody may create an account; without it,
    /// do not show a form for it), "login" (people sign in with an e-mail address and a password), "directory" (all
    /// users can find each other and see each other's presence) and "lookup" (users can be found by their whole e-mail
    /// address or id; it is in the list whenever "directory" is). More may be added.
    features: Vec<&'static str>,
    /// Where an app with a login of its own signs people in: the pages go there, with `return_to` and `state` in the query,
    /// and come back with `#token=…&state=…`. Null if there is none.
    sign_in_url: Option<String>,
    /// The limits of this server.
    limits: ServerLimits,
    /// All error codes, except the standard ones of malformed requests.
    error_codes: Vec<ErrorCode>,
}

/// The limits of this server.
#[derive(SimpleObject)]
struct ServerLimits {
    /// Maximum characters (Unicode scalar values) of a message.
    message_length: usize,
    /// Maximum bytes of an image.
    image_bytes: usize,
    /// Maximum pixels of an image.
    image_pixels: u32,
    /// Maximum pixels of a side of an image.
    image_side: u32,
    /// Maximum items of a page of any list.
    page_size: u32,
    /// Maximum members of a group, including its owner.
    group_members: usize,
    /// Minimum characters (Unicode scalar values) of a new password.
    password_length: usize,
    /// Maximum bytes of a document.
    query_bytes: usize,
    /// Maximum depth of nested fields in a document.
    query_depth: usize,
    /// Maximum objects that a document can return.
    query_complexity: usize,
    /// Maximum aliases in a document.
    query_aliases: usize,
    /// Maximum concurrent operations on one socket.
    operations_per_socket: usize,
    /// Maximum open sockets of one user.
    sockets_per_user: usize,
    /// Retention of the feed's log in days.
    feed_retention_days: u32,
    /// Maximum events of a replay, not counting read marks and trimmed histories.
    feed_replay_events: u64,
    /// Seconds until a typing signal expires unless renewed.
    typing_seconds: u64,
}

/// Queries about the server.
#[derive(Default)]
pub(super) struct ServerInfoQuery;

#[Object]
impl ServerInfoQuery {
    /// Information about this server and its limits. It requires no sign-in.
    async fn server_info(&self, ctx: &Context<'_>) -> Result<ServerInfo> {
        let is_open = ctx.program()?.accounts.is_open_to_sign_ups().is_ok();
        let mut features = vec!["groups", "images", "presence", "resume", "search", "typing"];
        features.extend(is_open.then_some("signup"));
        features.extend(ctx.app()?.config.local_sign_in.then_some("login"));
        features.extend(match ctx.app()?.config.directory {
            Directory::Open => ["directory", "lookup"].as_slice(),
            Directory::Shared => &["lookup"],
            Directory::Closed => &[],
        });
        let config = &ctx.app()?.config;
        let logo_url = config.server_logo.as_ref().and_then(|_| config.public_url.join(LOGO_PATH).ok());
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION"),
            name: config.server_name.clone(),
            logo_url: logo_url.map(|url| url.to_string()),
            features,
            sign_in_url: ctx.app()?.config.sign_in_url.as_ref().map(ToString::to_string),
            limits: ServerLimits {
                message_length: limits::MESSAGE_LENGTH,
                image_bytes: limits::IMAGE_BYTES,
                image_pixels: limits::IMAGE_PIXELS,
                image_side: limits::IMAGE_SIDE,
                page_size: limits::PAGE_SIZE,
                group_members: ctx.app()?.config.group_members,
                password_length: ctx.app()?.config.password_min_length,
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
                ErrorCode::ConsumerTaken,
                ErrorCode::ServiceUnavailable,
                ErrorCode::InternalServerError,
            ],
        })
    }
}
