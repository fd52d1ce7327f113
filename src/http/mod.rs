//! HTTP: the routes of the server, and the rules for browsers, proxies and unknown clients. The rules of chat are in the
//! slices.

pub mod accept;
mod admission;
mod answer;
mod body;
mod body_budget;
mod built;
mod client_address;
mod compress;
mod cookies;
mod credential;
mod event_stream;
mod exports;
mod few_connections;
mod files;
mod graphql;
mod health;
mod host;
mod images;
pub mod metrics;
mod multipart;
mod negotiate;
mod origin;
mod pages;
mod parameters;
mod ranges;
mod refusal;
mod request_id;
mod request_notes;
mod reserved;
mod service;
mod signed;
pub mod socket;
mod state;
mod timed_stream;
mod uploads;

use axum::Router;
use axum::http::Method;
use axum::routing::{any, get};

pub use self::credential::{Credential, CredentialSource};
pub use self::pages::has_front_end;
pub use self::service::HttpService;
pub use self::state::HttpState;

fn images(state: &HttpState) -> Router<HttpState> {
    let images = Router::new()
        .route("/images/{id}/{width}", any(images::image))
        .layer(origin::cors(state.origins.clone(), [Method::GET]));
    let uploads = Router::new()
        .route("/uploads/{id}", any(uploads::upload))
        .layer(origin::cors(state.origins.clone(), [Method::PUT]));
    let exports = Router::new()
        .route("/exports/{id}", any(exports::export))
        .layer(origin::cors(state.origins.clone(), [Method::GET]));
    images.merge(uploads).merge(exports)
}

/// Everything that the server answers, for [`accept::serve`].
pub fn service(state: HttpState) -> HttpService {
    let others = Router::new()
        .merge(images(&state))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(pages::router())
        .with_state(state.clone());
    HttpService::serving(state, others)
}

/// What is served until the database is open: whether the program lives.
pub fn service_before_start() -> HttpService {
    HttpService::starting(Router::new().route("/healthz", get(health::alive)).fallback(health::starting))
}

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    /// The request in a multipart body.
    pub(crate) async fn multipart(
        body: axum::body::Body,
        boundary: String,
        file: std::fs::File,
    ) -> Option<async_graphql::Request> {
        super::multipart::parts(body, boundary, file).await.ok()
    }
}
