//! `/graphql`: GraphQL over HTTP after its specification, server-sent events, the upgrade to a WebSocket, and GraphiQL.

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
use super::event_stream::{self, ComesBack, EventSources};
use super::host::RequestHost;
use super::negotiate::{self, RequestContent};
use super::refusal::HttpRefusal;
use super::request_id::{RequestId, RequestSource};
use super::request_notes::RequestNotes;
use super::socket::{Handshake, SocketCaller};
use super::state::{HttpSender, HttpState};
use super::{body, compress, cookies, multipart, origin, pages, parameters};
use crate::accounts::Viewer;
use crate::error::Error;
use crate::graphql::{AnswerTime, Caller, Executed, Resume};
use crate::limits;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// Where a stream of events is to be resumed, as browsers send it.
const LAST_EVENT_ID: &str = "last-event-id";

/// Longer `User-Agent`s are truncated; those of browsers are shorter.
const USER_AGENT_LENGTH: usize = 256;

pub(super) async fn endpoint(
    state: &HttpState,
    (source, notes): (RequestSource, &RequestNotes),
    host: RequestHost,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let media = negotiate::media(&parts.headers);
    let call = GraphqlCall { state, address: source.client.0, id: source.id, notes };

    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let answer = if reads && asks_for_socket(&parts.headers) {
        call.socket(parts)
    } else if reads && state.config().graphiql && negotiate::prefers_html(&parts.headers) {
        Ok(pages::graphiql(&state.pages, &host, parts).await)
    } else if parts.method != Method::HEAD && negotiate::prefers_events(&parts.headers) {
        call.events(parts, body).await
    } else if let Some(media) = media {
        call.answer(parts, body, media).await
    } else {
        Err(HttpRefusal::not_acceptable())
    };
    answer.unwrap_or_else(|refusal| {
        let _ = notes.refusal.set(refusal.code());
        refusal.into_response(media.unwrap_or(ResponseMedia::Json), &source.id)
    })
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
    notes: &'a RequestNotes,
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
        let operation = self.operation(&parts, body, credential.as_ref()).await?;
        let outcome = self.timed(operation, &parts, credential).await?;
        Ok(compress::compressed(&parts.headers, answer::answer(media, outcome)).await)
    }

    /// Answers with server-sent events.
    async fn events(self, parts: Parts, body: Body) -> Result<Response, HttpRefusal> {
        let comes_back = ComesBack::of(&parts.method);
        let answer = self.event_stream(parts, body, comes_back).await;
        match answer.as_ref().err().and_then(HttpRefusal::retry_after) {
            Some(retry_after) if comes_back == ComesBack::AfterRetry => Ok(event_stream::try_again(retry_after)),
            Some(_) | None => answer,
        }
    }

    async fn event_stream(&self, parts: Parts, body: Body, comes_back: ComesBack) -> Result<Response, HttpRefusal> {
        let credential = self.credential(&parts.headers);
        let mut operation = self.operation(&parts, body, credential.as_ref()).await?;
        let sender = self.sender(credential.as_ref()).await?;
        let caller = self.caller(&parts, sender.as_ref());
        if !self.state.api.is_subscription(&mut operation, &caller) {
            let mut outcome = self.timed(operation, &parts, credential).await?;
            let headers = std::mem::take(&mut outcome.http_headers);
            let mut response = event_stream::once(&outcome);
            response.headers_mut().extend(headers);
            return Ok(response);
        }
        let session = match sender {
            Some(HttpSender::Person(session)) => session,
            // Keys have no subscriptions, neither for themselves nor for others.
            Some(HttpSender::Key(_) | HttpSender::Acting(_)) => return Err(Error::Forbidden.into()),
            None => return Err(Error::Unauthenticated.into()),
        };
        if self.state.shutdown.is_cancelled() {
            return Err(Error::unavailable().into());
        }
        let program = self.state.api.program();
        let too_many = Error::RateLimited { retry_after: limits::OVERLOAD_RETRY };
        let device = program.presence.connect(&session.viewer).ok_or(too_many)?;
        let fresh_cookie = self.state.fresh_cookie(&session).await;
        let live = program.accounts.watch(&session.viewer, session.issued_at, session.expires_at);
        let last = parts.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
        let resume = Resume { own: last.map(str::to_owned), ..Resume::default() };
        let (feed, request_id) = (program.app.feed.clone(), caller.request_id.clone());
        let mut response = event_stream::stream(EventSources {
            frames: self.state.api.run(operation, caller, resume, None).frames,
            cursor_text: Box::new(move |cursor| feed.cursor_text(cursor)),
            session: Box::pin(live.over(program.app.clock.clone())),
            shutdown: Box::pin(self.state.shutdown.clone().cancelled_owned()),
            comes_back,
            request_id,
            _device: device,
        });
        response.headers_mut().extend(fresh_cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }

    /// The operation of a request from a page that may send it.
    async fn operation(
        &self,
        parts: &Parts,
        body: Body,
        credential: Option<&Credential>,
    ) -> Result<Operation, HttpRefusal> {
        let source = credential.map(|credential| credential.source);
        match parts.method {
            Method::POST => {
                self.state.origins.check_post(&parts.headers, source)?;
                self.posted(&parts.headers, body, credential).await
            }
            Method::GET | Method::HEAD => {
                self.state.origins.check_get(&parts.headers, source)?;
                Ok(parameters::from_address(parts.uri.query().unwrap_or_default())?)
            }
            _ => Err(HttpRefusal::method(METHODS, "send operations by POST, or queries by GET")),
        }
    }

    /// Executes in the time of an answer.
    async fn timed(
        &self,
        operation: Operation,
        parts: &Parts,
        credential: Option<Credential>,
    ) -> Result<Outcome, HttpRefusal> {
        let time = AnswerTime::default();
        let operation = operation.data(time.clone());
        time.limit(self.execute(operation, parts, credential)).await?
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
                let person = self.person(credential).await?.ok();
                let mut charge = self.charge(person.as_ref());
                let body = body::read(body, limits::BODY_BYTES, Some(&mut charge)).await?;
                // Held until the answer is ready, as the parsed body is.
                Ok(parameters::from_json(&body)?.data(Arc::new(charge)))
            }
            RequestContent::Multipart(content_type) => {
                origin::require_preflight(headers)?;
                // Before the body is read: without a session nothing is written to disk.
                let person = self.person(credential).await??;
                let mut charge = self.charge(Some(&person));
                // Charged for everything but the file, which is streamed to disk.
                charge.grow(limits::BODY_BYTES)?;
                let images = &self.state.api.program().images;
                let operation = multipart::read(content_type, body, images.incoming(&person)?).await?;
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
        let sender = self.sender(credential.as_ref()).await?;
        let fresh_cookie = match &sender {
            Some(HttpSender::Person(session)) => self.state.fresh_cookie(session).await,
            Some(HttpSender::Key(_) | HttpSender::Acting(_)) | None => None,
        };
        let caller = self.caller(parts, sender.as_ref());
        // Links and images ask for addresses too, so these may only read.
        if parts.method != Method::POST && self.state.api.is_mutation(&mut operation, &caller) {
            return Err(HttpRefusal::method("POST", "send mutations by POST"));
        }
        let Executed { response: mut outcome, session_effect, note } = self.state.api.execute(operation, caller).await;
        let _ = self.notes.operation.set(note);
        // What the operation did to the session, its end for instance, comes first.
        let app = &self.state.api.program().app;
        let cookie = session_effect.and_then(|effect| cookies::set_cookie(app, &effect));
        if let Some(cookie) = cookie.or(fresh_cookie) {
            outcome.http_headers.insert(SET_COOKIE, cookie);
        }
        Ok(outcome)
    }

    fn caller(&self, parts: &Parts, sender: Option<&HttpSender>) -> Caller {
        let key = match sender {
            Some(HttpSender::Key(key)) => Some(*key),
            Some(HttpSender::Person(_) | HttpSender::Acting(_)) | None => None,
        };
        Caller {
            viewer: sender.and_then(HttpSender::viewer).cloned(),
            key,
            address: self.address,
            user_agent: user_agent(&parts.headers),
            request_id: self.id.to_string(),
        }
    }

    /// Whose budget a body is charged to.
    fn charge(&self, person: Option<&Viewer>) -> BodyCharge {
        let visitor = BodyOwner::Visitor(self.address);
        let owner = person.map_or(visitor, |person| BodyOwner::Person(person.user()));
        self.state.bodies.charge(owner)
    }

    fn credential(&self, headers: &HeaderMap) -> Option<Credential> {
        credential::credential(headers, cookies::name(self.state.config().app_env))
    }

    async fn sender(&self, credential: Option<&Credential>) -> Result<Option<HttpSender>, HttpRefusal> {
        match credential {
            Some(credential) => {
                let sender = self.state.sender(credential, self.address).await?;
                sender.iter().for_each(|sender| self.notes.sent_by(sender));
                Ok(sender)
            }
            None => Ok(None),
        }
    }

    /// Who sends it, or why it is nobody.
    async fn person(&self, credential: Option<&Credential>) -> Result<Result<Viewer, Error>, HttpRefusal> {
        Ok(match self.sender(credential).await? {
            Some(HttpSender::Person(session)) => Ok(session.viewer),
            Some(HttpSender::Acting(viewer)) => Ok(viewer),
            Some(HttpSender::Key(_)) => Err(Error::Forbidden),
            None => Err(Error::Unauthenticated),
        })
    }
}

/// The client's `User-Agent`. It is stored with the session, so its length is limited.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(USER_AGENT_LENGTH).collect())
}
