//! `/graphql`: GraphQL over HTTP after its specification, the upgrade to a WebSocket, and GraphiQL.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{Request as Operation, Response as Outcome};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{SET_COOKIE, UPGRADE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::answer::{self, ResponseMedia};
use super::body_budget::{BodyCharge, BodyOwner};
use super::credential::{self, Credential, CredentialSource};
use super::host::RequestHost;
use super::negotiate::{self, RequestContent};
use super::refusal::HttpRefusal;
use super::request_id::{RequestId, RequestSource};
use super::socket::{Handshake, SocketCaller};
use super::state::{HttpSession, HttpState};
use super::{body, compress, cookies, multipart, origin, pages, parameters};
use crate::error::Error;
use crate::graphql::{AnswerTime, Caller, Executed};
use crate::limits;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// Longer `User-Agent`s are truncated; those of browsers are shorter.
const USER_AGENT_LENGTH: usize = 256;

pub(super) async fn endpoint(
    state: &HttpState,
    source: RequestSource,
    host: RequestHost,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let media = negotiate::media(&parts.headers);
    let call = GraphqlCall { state, address: source.client.0, id: source.id };

    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let answer = if reads && asks_for_socket(&parts.headers) {
        call.socket(parts)
    } else if reads && state.config().graphiql && negotiate::prefers_html(&parts.headers) {
        Ok(pages::graphiql(&state.pages, &host, parts).await)
    } else if let Some(media) = media {
        call.answer(parts, body, media).await
    } else {
        Err(HttpRefusal::not_acceptable())
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(media.unwrap_or(ResponseMedia::Json), &source.id))
}

/// Requests to upgrade to other protocols, HTTP/2 for instance, are answered as ordinary requests.
fn asks_for_socket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What is known of a request when its handler begins.
struct GraphqlCall<'a> {
    state: &'a HttpState,
    address: IpAddr,
    id: RequestId,
}

impl GraphqlCall<'_> {
    fn socket(self, parts: Parts) -> Result<Response, HttpRefusal> {
        let credential = self.credential(&parts.headers);
        let credential = match self.state.origins.check_socket(&parts.headers)? {
            origin::Opener::Page => credential,
            // Without an origin the server cannot know which page sent the cookie.
            origin::Opener::Nameless => credential.filter(|credential| credential.source == CredentialSource::Bearer),
        };
        let user_agent = user_agent(&parts.headers);
        let handshake = Handshake::of(Request::from_parts(parts, ()))
            .ok_or_else(|| HttpRefusal::malformed("upgrade", "this is not a WebSocket handshake of version 13"))?;
        let caller = SocketCaller { address: self.address, user_agent, credential, request_id: self.id.to_string() };
        Ok(self.state.sockets.upgrade(self.state.api.clone(), handshake, caller)?)
    }

    async fn answer(self, parts: Parts, body: Body, media: ResponseMedia) -> Result<Response, HttpRefusal> {
        let credential = self.credential(&parts.headers);
        let source = credential.as_ref().map(|credential| credential.source);
        let operation = match parts.method {
            Method::POST => {
                self.state.origins.check_post(&parts.headers, source)?;
                self.posted(&parts.headers, body, credential.as_ref()).await?
            }
            Method::GET | Method::HEAD => {
                self.state.origins.check_get(&parts.headers, source)?;
                parameters::from_address(parts.uri.query().unwrap_or_default())?
            }
            _ => return Err(HttpRefusal::method(METHODS, "send operations by POST, or queries by GET")),
        };
        let time = AnswerTime::default();
        let operation = operation.data(time.clone());
        let outcome = time.limit(self.execute(operation, &parts, credential)).await??;
        Ok(compress::compressed(&parts.headers, answer::answer(media, outcome)).await)
    }

    async fn posted(
        &self,
        headers: &HeaderMap,
        body: Body,
        credential: Option<&Credential>,
    ) -> Result<Operation, HttpRefusal> {
        match negotiate::content(headers)? {
            RequestContent::Json if body::is_small(&body) => {
                Ok(parameters::from_json(&body::read(body, limits::BODY_BYTES, None).await?)?)
            }
            RequestContent::Json => {
                let session = self.session(credential).await?;
                let mut charge = self.charge(session.as_ref());
                let body = body::read(body, limits::BODY_BYTES, Some(&mut charge)).await?;
                // Held until the answer is ready, as the parsed body is.
                Ok(parameters::from_json(&body)?.data(Arc::new(charge)))
            }
            RequestContent::Multipart(content_type) => {
                origin::require_preflight(headers)?;
                // Before the body is read: without a session nothing is written to disk.
                let session = self.session(credential).await?.ok_or(Error::Unauthenticated)?;
                let mut charge = self.charge(Some(&session));
                // Charged for everything but the file, which is streamed to disk.
                charge.grow(limits::BODY_BYTES)?;
                let images = &self.state.api.program().images;
                let operation = multipart::read(content_type, body, images.incoming(&session.viewer)?).await?;
                Ok(operation.data(Arc::new(charge)))
            }
        }
    }

    async fn execute(
        &self,
        mut operation: Operation,
        parts: &Parts,
        credential: Option<Credential>,
    ) -> Result<Outcome, HttpRefusal> {
        // After the body was read: the session may have ended in the meantime.
        let session = self.session(credential.as_ref()).await?;
        let fresh_cookie = match &session {
            Some(session) => self.state.fresh_cookie(session).await,
            None => None,
        };
        let caller = Caller {
            viewer: session.map(|session| session.viewer),
            address: self.address,
            user_agent: user_agent(&parts.headers),
            request_id: self.id.to_string(),
        };
        // Links and images ask for addresses too, so these may only read.
        if parts.method != Method::POST && self.state.api.is_mutation(&mut operation, &caller) {
            return Err(HttpRefusal::method("POST", "send mutations by POST"));
        }
        let Executed { response: mut outcome, session_effect } = self.state.api.execute(operation, caller).await;
        // What the operation did to the session, its end for instance, comes first.
        let app = &self.state.api.program().app;
        let cookie = session_effect.and_then(|effect| cookies::set_cookie(app, &effect));
        if let Some(cookie) = cookie.or(fresh_cookie) {
            outcome.http_headers.insert(SET_COOKIE, cookie);
        }
        Ok(outcome)
    }

    /// Whose budget a body is charged to.
    fn charge(&self, session: Option<&HttpSession>) -> BodyCharge {
        let visitor = BodyOwner::Visitor(self.address);
        let owner = session.map_or(visitor, |session| BodyOwner::Person(session.viewer.user()));
        self.state.bodies.charge(owner)
    }

    fn credential(&self, headers: &HeaderMap) -> Option<Credential> {
        credential::credential(headers, cookies::name(self.state.config().app_env))
    }

    async fn session(&self, credential: Option<&Credential>) -> Result<Option<HttpSession>, HttpRefusal> {
        match credential {
            Some(credential) => Ok(self.state.session(credential).await?),
            None => Ok(None),
        }
    }
}

/// The client's `User-Agent`. It is stored with the session, so its length is limited.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(USER_AGENT_LENGTH).collect())
}
