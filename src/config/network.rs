//! Networks: a part of all addresses, such as `10.0.0.0/8`.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

/// All addresses with a common prefix. An IPv4 address counts as the IPv6 address it is mapped to, in `::ffff:0:0/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(Ipv6Net);

impl Network {
    /// Parses an address, or a network in CIDR notation (RFC 4632). The network of all addresses is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse()).ok()?;
        if network.prefix_len() == 0 {
            return None;
        }
        match network {
            IpNet::V4(network) => {
                Ipv6Net::new(network.addr().to_ipv6_mapped(), 96 + network.prefix_len()).ok().map(Self)
            }
            IpNet::V6(network) => Some(Self(network)),
        }
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        self.0.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        for (network, address, contains) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("127.0.0.1/32", "127.0.0.1", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.1.2.3/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "a00::", false),
            ("192.168.4.0/22", "192.168.7.255", true),
            ("192.168.4.0/22", "192.168.8.0", false),
            ("128.0.0.0/1", "255.255.255.255", true),
            ("128.0.0.0/1", "127.255.255.255", false),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("::ffff:10.0.0.0/104", "10.1.1.1", true),
        ] {
            let parsed = Network::parse(network).expect("a network");
            assert_eq!(parsed.contains(address.parse().expect("an address")), contains, "{network} {address}");
        }
    }

    #[test]
    fn text_that_is_not_a_network_is_refused() {
        for text in [
            "",
            "*",
            "localhost",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "0.0.0.0/0",
            "::/0",
            "::/129",
            "[::1]",
            "127.0.0.1:80",
            " 127.0.0.1",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
