//! From HTTP to a WebSocket: RFC 6455, 4.2.

use axum::body::Body;
use axum::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, Request, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tungstenite::handshake::server::create_response_with_body;

use super::header_case;
use super::line::WebSocketLine;
use crate::http::timed_stream::TimedStream;

/// A handshake that can be accepted.
pub struct Handshake {
    answer: Response<Body>,
    connection: OnUpgrade,
    protocols: Vec<String>,
}

impl Handshake {
    /// Reads a request; `None` if it is no handshake of version 13.
    pub fn of<T>(mut request: Request<T>) -> Option<Self> {
        let answer = create_response_with_body(&request, Body::empty).ok()?;
        let protocols = protocols(request.headers());
        Some(Self { answer, connection: hyper::upgrade::on(&mut request), protocols })
    }

    /// Whether the client speaks a protocol.
    pub(super) fn offers(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|offered| offered == protocol)
    }

    /// Accepts: the answer, and the line once the client has it.
    pub(super) fn accept(
        self,
        protocol: &'static str,
    ) -> (Response<Body>, impl Future<Output = Result<WebSocketLine, hyper::Error>> + Send + 'static) {
        let Self { mut answer, connection, .. } = self;
        answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        header_case::spell(&mut answer);
        let line = async move {
            let upgraded = connection.await?;
            let parts = upgraded.downcast::<TokioIo<TimedStream>>().expect("all connections are of accept.rs");
            let (stream, slot) = parts.io.into_inner().into_parts();
            // Copied, for its buffer is hyper's of 8 KiB and would stay as long as the socket.
            Ok(WebSocketLine::new(stream, parts.read_buf.to_vec(), slot))
        };
        (answer, line)
    }
}

fn protocols(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    let lists = values.filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect()
}
