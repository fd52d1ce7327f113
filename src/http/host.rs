//! Which host names the server answers to. A hostile page can point its own name at this server (DNS rebinding) and would
//! then have the same origin. So a request to a name that is not configured is refused.

use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::Version;
use axum::http::header::HOST;
use axum::http::uri::Authority;

use super::refusal::HttpRefusal;
use crate::config::{Config, Origin};

/// The names that the server answers to, besides `localhost` and IP addresses, which cannot be rebound.
#[derive(Debug)]
pub(super) struct HostPolicy {
    names: HashSet<String>,
}

/// The host that a request was sent to, and that it may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestHost {
    /// In lower case; an IPv6 address in its brackets.
    name: String,
    port: Option<u16>,
}

impl HostPolicy {
    pub(super) fn new(config: &Config) -> Self {
        let public = Origin::of(&config.public_url);
        let origins = config.cors_origins.iter().chain(&public).map(|origin| origin.name().to_owned());
        let names = origins.chain(config.allowed_hosts.iter().cloned()).chain(["localhost".to_owned()]);
        Self { names: names.collect() }
    }

    fn knows(&self, host: &RequestHost) -> bool {
        host.is_address() || self.names.contains(&host.name)
    }
}

impl RequestHost {
    /// A name or an address, and perhaps a port (RFC 9110, 7.2).
    fn parse(text: &str) -> Option<Self> {
        let is_v6 = text.starts_with('[');
        let name_ends = if is_v6 { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
        let (name, port) = text.split_at(name_ends);
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() => {
                Some(digits.parse().ok()?)
            }
            // `example.org:` is allowed.
            Some("") => None,
            Some(_) => return None,
            None if port.is_empty() => None,
            None => return None,
        };
        let host = Self { name: name.to_ascii_lowercase(), port };
        let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let is_name = !name.is_empty() && name.bytes().all(is_of_a_name);
        (is_name || is_v6 && host.is_address()).then_some(host)
    }

    fn is_address(&self) -> bool {
        let v6 = self.name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        v6.map_or_else(|| self.name.parse::<Ipv4Addr>().is_ok(), |address| address.parse::<Ipv6Addr>().is_ok())
    }

    /// Whether it is an IPv6 address, which a content security policy has no form for.
    pub(super) fn is_ipv6(&self) -> bool {
        self.name.starts_with('[')
    }
}

impl fmt::Display for RequestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The host that a request is for. Refuses requests to other names, except for probes, which alone may lack one.
pub(super) fn check(policy: &HostPolicy, request: &Request) -> Result<Option<RequestHost>, HttpRefusal> {
    match host_of(request) {
        Ok(Some(host)) if is_probe(request.uri().path()) || policy.knows(&host) => Ok(Some(host)),
        Ok(Some(_)) => Err(HttpRefusal::misdirected()),
        // A probe of HTTP/1.0, as some balancers send it, has no host.
        Ok(None) if is_probe(request.uri().path()) => Ok(None),
        Ok(None) => Err(HttpRefusal::malformed("host", "a request needs a Host header")),
        Err(message) => Err(HttpRefusal::malformed("host", message)),
    }
}

/// Whether this is the path of a probe, which is answered for any host name and also when the server is full.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// The one host that a request names (RFC 9112, 3.2); none only in HTTP/1.0.
fn host_of(request: &Request) -> Result<Option<RequestHost>, &'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map_err(|_| "the Host header is not a host")?,
        (Some(_), Some(_)) => return Err("a request has one Host header"),
        (None, _) if request.version() == Version::HTTP_10 && request.uri().authority().is_none() => return Ok(None),
        (None, _) => return Err("a request needs a Host header"),
    };
    let in_target = request.uri().authority().map(Authority::as_str);
    if in_target.is_some_and(|target| !target.eq_ignore_ascii_case(host)) {
        return Err("the Host header is not the host of the address that is asked for");
    }
    RequestHost::parse(host).map(Some).ok_or("the Host header is not a host")
}
