//! The address a request comes from: the peer of the connection, or the client that a trusted proxy names.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};

use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, according to the proxies that are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAddress(pub(super) IpAddr);

impl ClientAddress {
    /// Each proxy appends the address of its own peer to `X-Forwarded-For`. So the list is read backwards, and an
    /// address is believed if the proxy that appended it is trusted. Anything that a client has made up comes before.
    pub(super) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let mut address = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("")).collect();
        let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim);
        while trusted.iter().any(|network| network.contains(address))
            && let Some(hop) = hops.next().and_then(address_in)
        {
            address = hop.to_canonical();
        }
        Self(address)
    }
}

/// Logs once that a proxy may be missing in the settings.
#[derive(Debug, Default)]
pub(super) struct UntrustedForwarding(AtomicBool);

impl UntrustedForwarding {
    /// Checks whether a peer that is not trusted has sent a request on behalf of another address.
    pub(super) fn look(&self, peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) {
        let is_forwarded = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED);
        if !is_forwarded || trusted.iter().any(|network| network.contains(peer.to_canonical())) {
            return;
        }
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                client.address = %peer,
                "{peer} forwards requests for others (X-Forwarded-For), but TRUSTED_PROXIES does not name it: all people \
                 behind it count as one address and share the rates and limits of one; if it is your proxy, name it there"
            );
        }
    }
}

/// Some proxies append the port as well.
fn address_in(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn it_is_the_last_address_that_is_not_a_proxy_of_ours() {
        for (peer, lines, client) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.1"], "192.0.2.1"),
            ("::ffff:192.0.2.1", &["198.51.100.1"], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9,198.51.100.1 , 10.0.0.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9,198.51.100.1", "10.0.0.1,10.0.0.2"], "198.51.100.1"),
            ("127.0.0.1", &["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            ("127.0.0.1", &["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown, 10.0.0.1"], "10.0.0.1"),
            ("127.0.0.1", &["198.51.100.1,"], "127.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1", "\u{e9}"], "127.0.0.1"),
        ] {
            let trusted = ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).expect("a network"));
            let value = |line: &&str| HeaderValue::from_bytes(line.as_bytes()).expect("a header");
            let headers = lines.iter().map(|line| (X_FORWARDED_FOR, value(line))).collect();
            let found = ClientAddress::of(peer.parse().expect("an address"), &headers, &trusted);
            assert_eq!(found.0.to_string(), client, "{peer} {lines:?}");
        }
    }
}
