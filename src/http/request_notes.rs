//! What a request turns out to be, for its line in the log, and how a proxy knows it.

use std::net::IpAddr;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderName};

use super::request_id::X_REQUEST_ID;
use super::state::HttpSender;
use crate::config::Network;
use crate::graphql::OperationNote;
use crate::id::{KeyId, SessionId, UserId};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Longer ids of proxies are not taken.
const ID_LENGTH: usize = 128;

/// What is learned of a request while it is answered.
#[derive(Debug, Default)]
pub(super) struct RequestNotes {
    pub(super) user: OnceLock<UserId>,
    pub(super) session: OnceLock<SessionId>,
    pub(super) key: OnceLock<KeyId>,
    pub(super) operation: OnceLock<OperationNote>,
    /// The code of an error for which nothing was executed.
    pub(super) refusal: OnceLock<&'static str>,
}

impl RequestNotes {
    /// Who has sent it. Asked for more than once, and the same each time.
    pub(super) fn sent_by(&self, sender: &HttpSender) {
        if let Some(viewer) = sender.viewer() {
            let _ = self.user.set(viewer.user());
            if viewer.has_session() {
                let _ = self.session.set(viewer.session());
            }
        }
        if let HttpSender::Key(key) = sender {
            let _ = self.key.set(key.id());
        }
    }

    /// The code of its first error, or `OK`; `None` if it was no operation.
    pub(super) fn code(&self) -> Option<&str> {
        let executed = self.operation.get().map(|operation| operation.code.as_ref());
        executed.or_else(|| self.refusal.get().copied())
    }
}

/// How a trusted proxy knows a request. What others send is not believed: anybody could make lines that look like somebody
/// else's.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Upstream {
    /// The trace's id, of `traceparent` (W3C Trace Context).
    pub(super) trace: Option<String>,
    /// Its `X-Request-Id`.
    pub(super) request: Option<String>,
}

impl Upstream {
    pub(super) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        if !trusted.iter().any(|network| network.contains(peer.to_canonical())) {
            return Self::default();
        }
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            trace: text(&TRACEPARENT).and_then(trace_id).map(str::to_owned),
            request: text(&X_REQUEST_ID).filter(|id| is_id(id)).map(str::to_owned),
        }
    }
}

/// Of `00-<32 hexadecimal digits>-<16 of the parent>-<2 of flags>`; later versions may have more behind it.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_complete = is_hex(version, 2) && version != "ff" && is_hex(parent, 16) && is_hex(flags, 2);
    (is_complete && is_hex(trace, 32) && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    !id.is_empty() && id.len() <= ID_LENGTH && id.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_is_taken_if_it_is_well_formed() {
        assert_eq!(trace_id(TRACE), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert!(trace_id(&format!("cc{}-more", &TRACE[2..])).is_some());
        for wrong in [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(trace_id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [Network::parse("10.0.0.0/8").expect("a network")];
        let header = |text: &str| text.parse().expect("a header");
        let headers: HeaderMap = [(TRACEPARENT, header(TRACE)), (X_REQUEST_ID, header("req-1"))].into_iter().collect();
        let of = |peer: &str| Upstream::of(peer.parse().expect("an address"), &headers, &trusted);
        assert_eq!(of("192.0.2.1"), Upstream::default());
        let known = Upstream { trace: trace_id(TRACE).map(str::to_owned), request: Some("req-1".into()) };
        assert_eq!(of("10.1.2.3"), known);
        assert!(is_id("req-1") && !is_id("a b") && !is_id("") && !is_id(&"x".repeat(129)));
    }
}
