//! Where a webhook may lead: a server that POSTs to any address would reach what only its own network may (SSRF). The name
//! is looked up for each connection and its addresses are checked then, so that one that changes its answer gets nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::ensure;
use url::{Host, Url};

use crate::config::Network;
use crate::limits;

/// The addresses that webhooks may reach.
#[derive(Clone, Debug)]
pub(super) struct AddressGuard {
    allowed: Vec<Network>,
}

/// Where a webhook leads, once its address was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The address, without user, password and fragment.
    pub(super) url: Url,
    /// A name or an address, as a look-up takes it.
    pub(super) host: String,
    pub(super) port: u16,
    /// Without TLS, which only loopback addresses may do.
    pub(super) is_plain: bool,
}

impl Target {
    /// Checks what can be checked without a look-up.
    pub(super) fn parse(text: &str, guard: &AddressGuard) -> anyhow::Result<Self> {
        ensure!(text.chars().count() <= limits::WEBHOOK_URL, "an address has up to {} characters", limits::WEBHOOK_URL);
        let url = Url::parse(text)?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            other => anyhow::bail!("webhooks are sent over https, and not over {other}"),
        };
        ensure!(url.username().is_empty() && url.password().is_none(), "an address has no user and no password here");
        ensure!(url.fragment().is_none(), "an address has no fragment here");
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => anyhow::bail!("an address needs a host"),
        };
        let port = url.port_or_known_default().unwrap_or(443);
        let target = Self { url, host, port, is_plain };
        match target.host.parse::<IpAddr>() {
            Ok(address) => ensure!(
                guard.allows(address, is_plain),
                "webhooks do not reach {address}{}: see WEBHOOK_ALLOW_NETS",
                if is_plain { " over http" } else { "" }
            ),
            Err(_) => ensure!(
                !is_plain || target.host == "localhost",
                "webhooks are sent over https: http is for loopback addresses that WEBHOOK_ALLOW_NETS names"
            ),
        }
        Ok(target)
    }
}

impl AddressGuard {
    /// A guard that also lets these networks pass.
    pub(super) fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// Those of the addresses of a name that may be reached, as many as are tried.
    pub(super) fn pass(&self, found: impl Iterator<Item = SocketAddr>, is_plain: bool) -> Vec<SocketAddr> {
        found.filter(|address| self.allows(address.ip(), is_plain)).take(limits::WEBHOOK_ADDRESSES).collect()
    }

    fn allows(&self, address: IpAddr, is_plain: bool) -> bool {
        let is_named = self.allowed.iter().any(|network| network.contains(address));
        match is_plain {
            true => is_named && address.to_canonical().is_loopback(),
            false => is_named || is_public(address),
        }
    }
}

/// Whether an address is one of the Internet's, by the registries of special addresses of IANA (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            // Carrier-grade NAT (RFC 6598).
            | [100, 64..=127, ..]
            // Link-local, with the metadata services of clouds.
            | [169, 254, ..]
            | [172, 16..=31, ..]
            // Protocol assignments, documentation, and the relays of 6to4.
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            // Benchmarks and documentation.
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            // Multicast, reserved, and broadcast.
            | [224..=255, ..]
    )
}

/// Everything but global unicast is refused, and of it what leads elsewhere. An address that contains one of IPv4 is public
/// if that one is.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let inner = |high: u16, low: u16| {
        let [[one, two], [three, four]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match [a, b, c, d, e, f] {
        // Mapped (RFC 4291).
        [0, 0, 0, 0, 0, 0xffff] => inner(g, h),
        // NAT64 (RFC 6052); the prefix of local NAT64 (RFC 8215) is refused below.
        [0x64, 0xff9b, 0, 0, 0, 0] => inner(g, h),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => inner(high, low),
        // Protocol assignments, with Teredo; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allowed: &[&str]) -> AddressGuard {
        AddressGuard::new(allowed.iter().map(|text| Network::parse(text).expect("a network")).collect())
    }

    #[test]
    fn only_addresses_of_the_internet_pass() {
        for (address, passes) in [
            ("93.184.216.34", true),
            ("8.8.8.8", true),
            ("172.15.0.1", true),
            ("172.32.0.1", true),
            ("100.63.0.1", true),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.8.9.10", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:2800:220:1::1", true),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:8.8.8.8", true),
            // The compatible form, which nobody uses.
            ("::8.8.8.8", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b:1::10.0.0.1", false),
            ("2002:0808:0808::1", true),
            ("2002:7f00:0001::1", false),
            ("2002:a9fe:a9fe::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("3fff::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("100::1", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(guard(&[]).allows(address, false), passes, "{address}");
            assert!(!guard(&[]).allows(address, true), "{address} over http");
        }
    }

    #[test]
    fn networks_of_the_settings_pass_and_loopback_of_them_over_http() {
        let guard = guard(&["10.0.0.0/8", "127.0.0.1"]);
        let allows = |text: &str, is_plain| guard.allows(text.parse().expect("an address"), is_plain);
        assert!(allows("10.1.2.3", false) && allows("127.0.0.1", false) && allows("127.0.0.1", true));
        assert!(allows("::ffff:10.1.2.3", false));
        assert!(!allows("10.1.2.3", true) && !allows("127.0.0.2", true) && !allows("169.254.169.254", false));
    }

    #[test]
    fn addresses_are_checked_when_they_are_written_down() {
        let (none, loopback) = (guard(&[]), guard(&["127.0.0.1"]));
        for (text, guard, is_taken) in [
            ("https://example.com/hook?a=1", &none, true),
            ("https://example.com:8443", &none, true),
            ("https://localhost/", &none, true),
            ("http://example.com/", &none, false),
            ("http://example.com/", &loopback, false),
            ("http://127.0.0.1:8080/", &none, false),
            ("http://127.0.0.1:8080/", &loopback, true),
            ("http://127.0.0.2:8080/", &loopback, false),
            ("https://127.0.0.1/", &none, false),
            // Other spellings of 127.0.0.1 and 169.254.169.254.
            ("https://0x7f.1/", &none, false),
            ("https://2130706433/", &none, false),
            ("https://[::ffff:a9fe:a9fe]/", &none, false),
            ("https://user@example.com/", &none, false),
            ("https://user:pw@example.com/", &none, false),
            ("https://example.com/#x", &none, false),
            ("ftp://example.com/", &none, false),
            ("example.com", &none, false),
            ("", &none, false),
        ] {
            assert_eq!(Target::parse(text, guard).is_ok(), is_taken, "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(limits::WEBHOOK_URL));
        assert!(Target::parse(&long, &none).is_err());
    }

    #[test]
    fn of_a_names_addresses_only_those_that_may_be_reached_are_tried() {
        let found = ["127.0.0.1:443", "8.8.8.8:443", "[::1]:443", "[2606:2800:220:1::1]:443"];
        let found = found.iter().map(|text| text.parse().expect("an address"));
        let passed: Vec<String> = guard(&[]).pass(found, false).iter().map(ToString::to_string).collect();
        assert_eq!(passed, ["8.8.8.8:443", "[2606:2800:220:1::1]:443"]);
    }
}
