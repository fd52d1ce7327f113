//! Pages for browsers: the chat client and GraphiQL as they are built of `web/`, or a front end of somebody else.

mod manifest;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, FromRef, Path as PathOf, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower::ServiceExt;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeFile;
use url::{Host, Position, Url};

use super::answer::ResponseMedia;
use super::host::RequestHost;
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::{built, files};
use crate::config::{Config, LOGO_PATH};

/// Addresses that belong to the server, so that a front end's page never stands at one by mistake. What scrapes `metrics`
/// must not take a page for them.
const RESERVED: [&str; 6] = ["graphql", "images", "uploads", "healthz", "readyz", "metrics"];

/// In a policy, where the addresses of sockets stand: browsers that are a few years old do not take them for `'self'`.
const SOCKETS: &str = "{sockets}";

/// For the chat client: files of ours and nothing else; images also as they are before they are uploaded.
const CHAT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'{sockets}; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; \
    frame-ancestors 'none'; form-action 'none'";

/// For GraphiQL: nothing from elsewhere, and no script that is not a file of ours. Monaco, its editor, sets styles and
/// starts workers.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'{sockets}; worker-src 'self' blob:; \
    manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// For a custom front end, whose needs are unknown: it forbids only what no front end needs.
const FOREIGN_POLICY: &str = "object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Endings of files that browsers and crawlers ask for by themselves, or that a page refers to. The address of a view does
/// not end so: where there is no such file, the index page would be a broken picture, or rules for robots that nobody wrote.
const FILE_ENDINGS: [&str; 19] = [
    "css",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "json",
    "mjs",
    "mp4",
    "pdf",
    "png",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
    "xml",
];

/// For files below `assets/`, whose names contain a hash of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
const CHECK_FIRST: &str = "no-cache";

/// Whether a front end is served at `/`.
#[must_use]
pub fn has_front_end(config: &Config) -> bool {
    config.web_dir.is_some() || built::find("index.html").is_some()
}

/// Where pages come from, and their headers.
#[derive(Debug)]
pub(super) struct Pages {
    /// The folder of a custom front end; `None` for the pages of `web/`.
    folder: Option<PathBuf>,
    /// The content security policy of the pages.
    policy: &'static str,
    graphiql: bool,
    public_url: Url,
    /// The operator's, in place of the default ones.
    name: String,
    logo: Option<PathBuf>,
}

impl Pages {
    pub(super) fn new(config: &Config) -> Self {
        let (folder, policy) = match &config.web_dir {
            Some(folder) => (Some(folder.clone()), FOREIGN_POLICY),
            None => (None, CHAT_POLICY),
        };
        Self {
            folder,
            policy,
            graphiql: config.graphiql,
            public_url: config.public_url.clone(),
            name: config.server_name.clone(),
            logo: config.server_logo.clone(),
        }
    }

    /// A file of the front end, or of GraphiQL, whose assets stand at the same addresses under other names.
    async fn find(&self, path: &str) -> Option<PageFile> {
        if path == LOGO_PATH {
            return self.logo.clone().map(PageFile::File);
        }
        if let Some(folder) = &self.folder
            && let Some(file) = files::find(folder, path).await
        {
            return Some(PageFile::File(file));
        }
        if self.folder.is_none() && path == manifest::PATH {
            let built = built::find(path)?;
            let named = manifest::named(built.content(), &self.name, self.logo.as_deref());
            return Some(named.map_or(PageFile::Built(built), PageFile::Manifest));
        }
        // GraphiQL has an address of its own, and a setting that may close it.
        let is_open = match &self.folder {
            Some(_) => self.graphiql && path.starts_with("assets/"),
            None => path != "graphiql.html",
        };
        is_open.then(|| built::find(path)).flatten().map(PageFile::Built)
    }

    fn with_headers(&self, mut response: Response, policy: &str, host: &RequestHost, cache: &'static str) -> Response {
        let headers = response.headers_mut();
        let policy = policy.replace(SOCKETS, &self.sockets(host));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).expect("a host is ASCII"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(COOP, HeaderValue::from_static("same-origin"));
        if self.public_url.scheme() == "https" {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        response
    }

    /// Where our pages may open sockets: at the host that they were asked from, and at the public one, which a proxy may
    /// not have passed on. An IPv6 address can't stand in a policy, so there `'self'` has to do.
    fn sockets(&self, host: &RequestHost) -> String {
        let asked = if host.is_ipv6() { String::new() } else { format!(" ws://{host} wss://{host}") };
        let scheme = if self.public_url.scheme() == "https" { "wss" } else { "ws" };
        let public = match self.public_url.host() {
            Some(Host::Domain(_) | Host::Ipv4(_)) => {
                format!(" {scheme}://{}", &self.public_url[Position::BeforeHost..Position::AfterPort])
            }
            Some(Host::Ipv6(_)) | None => String::new(),
        };
        if asked.split(' ').any(|one| one == public.trim_start()) { asked } else { asked + &public }
    }
}

/// A file to send.
enum PageFile {
    File(PathBuf),
    Built(built::BuiltFile),
    Manifest(String),
}

/// The routes of all paths that no other router serves.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Arc<Pages>: FromRef<S>,
{
    Router::new()
        .route("/", any(page))
        .route("/{*path}", any(page))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

/// GraphiQL, or a page that explains how to build it.
pub(super) async fn graphiql(pages: &Pages, host: &RequestHost, parts: Parts) -> Response {
    let page = match built::find("graphiql.html") {
        Some(file) => built::send(file, &parts.headers),
        None => html(include_str!("graphiql_missing.html")),
    };
    let mut page = pages.with_headers(page, GRAPHIQL_POLICY, host, CHECK_FIRST);
    page.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    page
}

async fn page(
    State(pages): State<Arc<Pages>>,
    Extension(id): Extension<RequestId>,
    Extension(host): Extension<RequestHost>,
    path: Result<PathOf<String>, PathRejection>,
    request: Request,
) -> Response {
    let path = match &path {
        _ if request.uri().path() == "/" => "",
        Ok(PathOf(path)) => path,
        // Not UTF-8: no file has such a path.
        Err(_) => return HttpRefusal::not_found().into_response(ResponseMedia::Json, &id),
    };
    let first = path.split('/').next().unwrap_or_default();
    if RESERVED.contains(&first) {
        return HttpRefusal::not_found().into_response(ResponseMedia::Json, &id);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let refusal = HttpRefusal::method("GET, HEAD", "there are only pages here: the API is at /graphql");
        return refusal.into_response(ResponseMedia::Json, &id);
    }
    if let Some(file) = pages.find(path).await {
        let cache = if first == "assets" { FOREVER } else { CHECK_FIRST };
        return pages.with_headers(send(file, request).await, pages.policy, &host, cache);
    }
    // Paths of a front end's own views get its index page, and the front end resolves them.
    let is_view = path.is_empty()
        || first != "assets"
            && path != LOGO_PATH
            && !is_file_name(path)
            && files::relative(path.trim_end_matches('/')).is_some();
    match pages.find("index.html").await {
        Some(index) if is_view => pages.with_headers(send(index, request).await, pages.policy, &host, CHECK_FIRST),
        None if path.is_empty() => {
            pages.with_headers(html(include_str!("welcome.html")), GRAPHIQL_POLICY, &host, CHECK_FIRST)
        }
        Some(_) | None => HttpRefusal::not_found().into_response(ResponseMedia::Json, &id),
    }
}

/// Whether a path ends like a file.
fn is_file_name(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| FILE_ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// A file with its type; one from disk in parts or not at all where the request allows.
async fn send(file: PageFile, request: Request) -> Response {
    match file {
        PageFile::Built(file) => built::send(file, request.headers()),
        PageFile::Manifest(text) => ([(CONTENT_TYPE, "application/manifest+json")], text).into_response(),
        PageFile::File(path) => match ServeFile::new(path).oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        },
    }
}

fn html(page: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
