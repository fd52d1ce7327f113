//! Networks: a part of all addresses, such as `10.0.0.0/8`.

use std::net::IpAddr;

/// All addresses that begin alike. IPv4 addresses are looked at as IPv6 ones that stand for them, `::ffff:0:0/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    start: u128,
    mask: u128,
}

impl Network {
    /// Takes an address, or an address and the length of what its network has in common (CIDR, RFC 4632). Not all
    /// addresses at once.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            // `parse` takes a sign.
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse().ok()?,
            Some(_) => return None,
            None => bits,
        };
        if !(1..=bits).contains(&length) {
            return None;
        }
        let mask = u128::MAX << (bits - length);
        Some(Self { start: in_ipv6(address) & mask, mask })
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        in_ipv6(address) & self.mask == self.start
    }
}

fn in_ipv6(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
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
    fn what_is_no_network_is_refused() {
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
