//! Protection against cross-site requests. Browsers send cookies along with requests that a foreign page has made; these
//! rules detect such requests before anything is executed.

use std::collections::HashSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{HOST, HeaderName, ORIGIN, RETRY_AFTER, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use tower::util::ServiceFn;
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors, CorsLayer};

use super::credential::CredentialSource;
use super::refusal::HttpRefusal;
use super::request_id::X_REQUEST_ID;
use crate::config::{Config, Origin};

/// A page can't send one of these to a stranger without asking by a preflight, which we refuse.
const PREFLIGHT: [HeaderName; 2] =
    [HeaderName::from_static("graphql-require-preflight"), HeaderName::from_static("apollo-require-preflight")];

/// Origins that the log names; beyond that a stranger could fill it.
const LOGGED: usize = 100;

/// How long a browser may remember the answer to a preflight; none remembers longer than two hours.
const PREFLIGHT_AGE: Duration = Duration::from_secs(2 * 3600);

const FETCH_SITE: &str = "sec-fetch-site";

const FOREIGN: &str = "this page may not use the API: its origin has to be listed in CORS_ORIGINS";
const UNKNOWN: &str = "a query by GET with a cookie needs a header GraphQL-Require-Preflight: 1";

/// The origins that are trusted like our own.
#[derive(Debug)]
pub(super) struct OriginPolicy {
    allowed: Vec<Origin>,
    /// Those that were refused and logged.
    refused: Mutex<HashSet<String>>,
}

/// Who opens a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    /// A page that may.
    Page,
    /// Something that is no browser, or a page without an origin of its own (from disk, in a sandbox). Any page can make
    /// itself one, so its cookie does not count.
    Nameless,
}

impl OriginPolicy {
    pub(super) fn new(config: &Config) -> Self {
        let allowed = config.cors_origins.iter().cloned().chain(Origin::of(&config.public_url)).collect();
        Self { allowed, refused: Mutex::default() }
    }

    /// For what may change something. Without a credential too: a stranger's page must not sign its visitor in.
    pub(super) fn check_post(&self, headers: &HeaderMap, source: Option<CredentialSource>) -> Result<(), HttpRefusal> {
        match (source, self.page(headers)) {
            (Some(CredentialSource::Bearer), _) | (_, RequestOrigin::Ours) => Ok(()),
            (_, RequestOrigin::Foreign) => Err(self.refuse(headers)),
            // Browsers name the origin of every POST, or at least its distance. The rest are programs.
            (_, RequestOrigin::Unnamed) if site(headers) == Some(b"cross-site") => Err(HttpRefusal::forbidden(FOREIGN)),
            (_, RequestOrigin::Unnamed) => Ok(()),
        }
    }

    /// For queries, which browsers also send for links and images and then name no origin.
    pub(super) fn check_get(&self, headers: &HeaderMap, source: Option<CredentialSource>) -> Result<(), HttpRefusal> {
        match (source, self.page(headers)) {
            (None | Some(CredentialSource::Bearer), _) | (_, RequestOrigin::Ours) => Ok(()),
            (Some(CredentialSource::Cookie), RequestOrigin::Foreign) => Err(self.refuse(headers)),
            (Some(CredentialSource::Cookie), RequestOrigin::Unnamed) => match site(headers) {
                // A neighbour's page of the same site (chat.example.org and wiki.example.org) is not ours.
                Some(b"same-origin") => Ok(()),
                _ if has_preflight(headers) => Ok(()),
                _ => Err(HttpRefusal::forbidden(UNKNOWN)),
            },
        }
    }

    /// For WebSockets, which know no CORS: this is all that stands between a stranger's page and the cookie.
    pub(super) fn check_socket(&self, headers: &HeaderMap) -> Result<Opener, HttpRefusal> {
        match self.page(headers) {
            RequestOrigin::Ours => Ok(Opener::Page),
            RequestOrigin::Unnamed => Ok(Opener::Nameless),
            RequestOrigin::Foreign if is_opaque(headers) => Ok(Opener::Nameless),
            RequestOrigin::Foreign => Err(self.refuse(headers)),
        }
    }

    fn refuse(&self, headers: &HeaderMap) -> HttpRefusal {
        self.log(headers);
        HttpRefusal::forbidden(FOREIGN)
    }

    /// Logs an origin once, for the operator who forgot to list it.
    fn log(&self, headers: &HeaderMap) {
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).and_then(Origin::parse);
        let origin = origin.map_or_else(|| "null".to_owned(), |origin| origin.to_string());
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < LOGGED && refused.insert(origin.clone()) {
            tracing::warn!(
                origin = origin,
                "refused a page of {origin}: if it is a front end of yours, list this origin in CORS_ORIGINS"
            );
        }
    }

    fn page(&self, headers: &HeaderMap) -> RequestOrigin {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => RequestOrigin::Unnamed,
            (Some(origin), None) if self.allows(origin, headers) => RequestOrigin::Ours,
            (Some(_), _) => RequestOrigin::Foreign,
        }
    }

    /// Listed, or the host that the request itself was sent to.
    fn allows(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else { return false };
        let mut hosts = headers.get_all(HOST).iter();
        let own = match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) {
            (Some(host), None) => origin.is_at(host),
            _ => false,
        };
        own || self.allowed.contains(&origin)
    }
}

/// What lets the pages of allowed origins read the answers; others get no permission, which browsers hold to.
pub(super) fn cors<const N: usize>(policy: Arc<OriginPolicy>, methods: [Method; N]) -> CorsLayer {
    let allows = move |origin: &HeaderValue, request: &Parts| {
        let allows = policy.allows(origin, &request.headers);
        // Without the permission, a browser sends or shows nothing. A program that names an origin does not care.
        let is_a_pages = request.method == Method::OPTIONS || request.headers.contains_key(FETCH_SITE);
        if !allows && is_a_pages {
            policy.log(&request.headers);
        }
        allows
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allows))
        .allow_credentials(true)
        .allow_methods(methods)
        // Whatever a page that may use the API adds, such as the headers of tracing.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([X_REQUEST_ID, RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}

/// [`cors`] for one handler, without a layer's boxed future.
pub(super) struct CrossOrigin(Cors<ServiceFn<HandBack>>);

/// What the layer calls in place of a service.
type HandBack = fn(Request) -> Ready<HandedBack>;

/// The request again, unless it was a preflight, with the headers that its answer needs.
type HandedBack = Result<Response<Option<Request>>, Infallible>;

impl CrossOrigin {
    pub(super) fn new<const N: usize>(policy: Arc<OriginPolicy>, methods: [Method; N]) -> Self {
        let hand_back: fn(Request) -> Ready<HandedBack> = |request| ready(Ok(Response::new(Some(request))));
        Self(cors(policy, methods).layer(service_fn(hand_back)))
    }

    /// The handler's answer, or the one to a preflight.
    pub(super) async fn answer<F: Future<Output = Response>>(
        &self,
        request: Request,
        handler: impl FnOnce(Request) -> F,
    ) -> Response {
        let Ok(judged) = self.0.clone().call(request).await;
        let (mut permission, request) = judged.into_parts();
        let Some(request) = request else { return Response::from_parts(permission, Body::empty()) };
        let mut response = handler(request).await;
        // The handler may have its own.
        if let Some(vary) = permission.headers.remove(VARY) {
            response.headers_mut().append(VARY, vary);
        }
        response.headers_mut().extend(permission.headers);
        response
    }
}

/// A multipart body is what a form sends: it needs a header that a form can't send.
pub(super) fn require_preflight(headers: &HeaderMap) -> Result<(), HttpRefusal> {
    match has_preflight(headers) {
        true => Ok(()),
        false => Err(HttpRefusal::forbidden("a multipart body needs a header GraphQL-Require-Preflight: 1")),
    }
}

enum RequestOrigin {
    Ours,
    Foreign,
    /// No origin is named.
    Unnamed,
}

fn has_preflight(headers: &HeaderMap) -> bool {
    PREFLIGHT.iter().any(|name| headers.get(name).is_some_and(|value| !value.is_empty()))
}

/// Whether the request names exactly one origin, of a page that has none of its own.
fn is_opaque(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes);
    matches!((origins.next(), origins.next()), (Some(b"null" | b"file://"), None))
}

/// How far away the page is that made the browser send this (Fetch Metadata).
fn site(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(FETCH_SITE).map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> OriginPolicy {
        let allowed = ["http://localhost:5173", "https://chat.example.org"];
        let allowed = allowed.into_iter().filter_map(Origin::parse).collect();
        OriginPolicy { allowed, refused: Mutex::default() }
    }

    /// Headers from lines, on top of the host.
    fn headers(lines: &'static str) -> HeaderMap {
        let lines = lines.split(" | ").filter_map(|line| line.split_once(": "));
        let lines = lines.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        [(HOST, HeaderValue::from_static("localhost:3000"))].into_iter().chain(lines).collect()
    }

    const BEARER: Option<CredentialSource> = Some(CredentialSource::Bearer);
    const COOKIE: Option<CredentialSource> = Some(CredentialSource::Cookie);

    #[test]
    fn a_post_comes_from_our_pages_or_from_no_page() {
        for (lines, credential, allowed) in [
            ("", COOKIE, true),
            ("origin: http://localhost:5173 | sec-fetch-site: same-site", COOKIE, true),
            ("origin: https://chat.example.org | sec-fetch-site: cross-site", COOKIE, true),
            ("origin: http://localhost:3000 | sec-fetch-site: same-origin", COOKIE, true),
            ("origin: https://localhost:3000", COOKIE, true),
            ("origin: http://evil.example", COOKIE, false),
            ("origin: http://evil.example", None, false),
            ("origin: http://evil.example", BEARER, true),
            ("origin: http://evil.example | graphql-require-preflight: 1", COOKIE, false),
            ("origin: null", COOKIE, false),
            ("origin: null", None, false),
            ("origin: http://localhost:5173.evil.example", COOKIE, false),
            ("origin: http://localhost:5174", COOKIE, false),
            ("origin: http://sub.chat.example.org", COOKIE, false),
            ("origin: http://chat.example.org", COOKIE, false),
            ("origin: http://evil.example | sec-fetch-site: same-origin", COOKIE, false),
            ("origin: http://localhost:5173 | origin: http://evil.example", COOKIE, false),
            ("sec-fetch-site: cross-site", COOKIE, false),
            ("sec-fetch-site: cross-site", None, false),
            ("sec-fetch-site: cross-site", BEARER, true),
            ("sec-fetch-site: same-origin", COOKIE, true),
            ("origin: http://evil.example | host: evil.example", COOKIE, false),
        ] {
            assert_eq!(policy().check_post(&headers(lines), credential).is_ok(), allowed, "{lines} {credential:?}");
        }
    }

    #[test]
    fn a_get_with_a_cookie_shows_that_it_is_ours() {
        for (lines, credential, allowed) in [
            ("", None, true),
            ("", BEARER, true),
            ("", COOKIE, false),
            ("origin: http://evil.example", None, true),
            ("origin: http://evil.example", BEARER, true),
            ("origin: http://evil.example", COOKIE, false),
            ("origin: http://evil.example | sec-fetch-site: same-site", COOKIE, false),
            ("origin: null | apollo-require-preflight: 1", COOKIE, false),
            ("origin: http://localhost:5173", COOKIE, true),
            ("sec-fetch-site: same-origin", COOKIE, true),
            ("sec-fetch-site: same-site", COOKIE, false),
            ("sec-fetch-site: cross-site", COOKIE, false),
            ("sec-fetch-site: none", COOKIE, false),
            ("graphql-require-preflight: 1", COOKIE, true),
            ("apollo-require-preflight: true", COOKIE, true),
            ("graphql-require-preflight: ", COOKIE, false),
        ] {
            assert_eq!(policy().check_get(&headers(lines), credential).is_ok(), allowed, "{lines} {credential:?}");
        }
    }

    #[test]
    fn a_socket_is_opened_by_our_pages_or_by_a_program() {
        for (lines, opener) in [
            ("", Some(Opener::Nameless)),
            ("origin: http://localhost:5173", Some(Opener::Page)),
            ("origin: http://localhost:3000", Some(Opener::Page)),
            ("origin: null", Some(Opener::Nameless)),
            ("origin: file://", Some(Opener::Nameless)),
            ("origin: file://evil.example", None),
            ("origin: http://evil.example", None),
            ("origin: http://localhost:5173.evil.example", None),
            ("origin: http://sub.localhost:5173", None),
            ("origin: http://localhost:5174", None),
        ] {
            assert_eq!(policy().check_socket(&headers(lines)).ok(), opener, "{lines}");
        }
    }
}
