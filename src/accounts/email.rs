//! The e-mail address of an account.

use std::borrow::Cow;
use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::error::{Error, Result};
use crate::{limits, printable};

/// An address in normal form, so that equal addresses are equal strings: ASCII in lower case, the domain in punycode.
///
/// Non-ASCII characters before the `@` are kept as typed. A character that only looks like an ASCII letter is never
/// equal to it (CVE-2019-19844): `mıke@example.com` is not `mike@example.com`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Accepts what HTML's `<input type="email">` accepts, up to 254 bytes, and letters of any script on both sides of
    /// the `@`.
    pub fn parse(raw: &str) -> Result<Self> {
        let too_long = || Error::input("email", format!("an e-mail has at most {} bytes", limits::EMAIL_BYTES));
        let malformed = || Error::input("email", "write an e-mail such as ada@example.com");
        if raw.len() > limits::EMAIL_BYTES {
            return Err(too_long());
        }
        let (local, domain) = raw.split_once('@').ok_or_else(malformed)?;
        if local.is_empty() || !local.chars().all(is_local) {
            return Err(malformed());
        }
        let domain = domain_key(domain).ok_or_else(malformed)?;
        let key = format!("{}@{domain}", local.to_ascii_lowercase());
        // Punycode may be longer than the domain it encodes.
        if key.len() > limits::EMAIL_BYTES {
            return Err(too_long());
        }
        Ok(Self(key))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Does not print the address, so that it can't reach a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// RFC 5322's `atext` and dots, as in HTML, and RFC 6531's characters beyond ASCII. The quoted form is not supported:
/// nobody uses it.
fn is_local(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    }
    // The small and the full-width @ look like the real one.
    printable::is_visible(c) && !matches!(c, '\u{FE6B}' | '\u{FF20}')
}

/// The domain in lower-case ASCII. `None` if it is invalid or has no dot: `ada@gmail` is far more often a typo than a
/// local host, which can be written `ada@host.lan`.
fn domain_key(domain: &str) -> Option<Cow<'_, str>> {
    let key = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    // UTS 46 maps the Kelvin sign to k, ｅ to e, and soft hyphens to nothing. A label written with non-ASCII characters
    // must keep them in its key, or two addresses that look alike could be one account.
    let kept = |(written, label): (&str, &str)| written.is_ascii() || label.starts_with("xn--");
    let same_labels = domain.split('.').count() == key.split('.').count();
    (key.contains('.') && same_labels && domain.split('.').zip(key.split('.')).all(kept)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str) -> Option<String> {
        match Email::parse(raw) {
            Ok(email) => Some(email.as_str().to_owned()),
            Err(Error::BadUserInput { field, .. }) if field == "email" => None,
            Err(other) => panic!("{raw:?}: {other:?}"),
        }
    }

    #[test]
    fn ascii_is_compared_in_lower_case() {
        assert_eq!(key("A@Ex.com").as_deref(), Some("a@ex.com"));
        assert_eq!(Email::parse("A@Ex.com").ok(), Email::parse("a@eX.COM").ok());
        let unusual = "!#$%&'*+/=?^_`{|}~-.9..x@a-b.xn--p1ai";
        assert_eq!(key(unusual).as_deref(), Some(unusual));
    }

    #[test]
    fn a_domain_has_one_key_in_unicode_and_in_punycode() {
        let munich = Some("ada@xn--mnchen-3ya.example".to_owned());
        for raw in
            ["ada@münchen.example", "ada@MÜNCHEN.Example", "ada@mu\u{308}nchen.example", "ADA@XN--MNCHEN-3YA.example"]
        {
            assert_eq!(key(raw), munich, "{raw}");
        }
        assert_ne!(key("a@straße.example"), key("a@strasse.example"));
        assert_ne!(key("a@straẞe.example"), key("a@strasse.example"));
    }

    #[test]
    fn an_address_that_looks_like_an_ascii_one_is_never_equal_to_it() {
        // In the local part these are different addresses.
        for raw in [
            "mıke@example.com",
            "mi\u{212A}e@example.com",
            "ｍike@example.com",
            "mike\u{301}@example.com",
            "mſke@example.com",
        ] {
            assert_eq!(key(raw).as_deref(), Some(raw), "{raw}");
        }
        assert_eq!(key("MßE@example.com").as_deref(), Some("mße@example.com"));
        assert_ne!(key("É@example.com"), key("é@example.com"));
        assert_ne!(key("a@gıthub.com"), key("a@github.com"));
        // Domains that UTS 46 would turn into ASCII are rejected.
        for domain in [
            "git\u{212A}.com",
            "gıt.\u{FF43}om",
            "ｇithub.com",
            "git\u{AD}hub.com",
            "git\u{200B}hub.com",
            "a.ⓒom",
            "github。com",
            "github\u{FF0E}com",
            "ſ.com",
        ] {
            assert_eq!(key(&format!("a@{domain}")), None, "{domain}");
        }
    }

    #[test]
    fn invalid_addresses_are_rejected() {
        let refused = [
            "",
            "@",
            "a",
            "a@",
            "@b.c",
            "a@b@c.d",
            "a@@b.c",
            "a.b.c",
            "<a@b.c>",
            "Ada <a@b.c>",
            "\"a b\"@c.d",
            "\"a\"@c.d",
            "a b@c.d",
            " a@b.c",
            "a@b.c ",
            "a@ b.c",
            "a\u{A0}b@c.d",
            "a,b@c.d",
            "a;b@c.d",
            "a:b@c.d",
            "a\\b@c.d",
            "(a)b@c.d",
            "[a]@c.d",
            "a\0@b.c",
            "a@b\0.c",
            "a@b.c\0",
            "a\r\nb@c.d",
            "a@b.c\r\n",
            "a@b.c\n",
            "a\t@b.c",
            "a\u{7F}@b.c",
            "a\u{85}@b.c",
            "a\u{200B}@b.c",
            "a\u{202E}b@c.d",
            "a\u{2028}@b.c",
            "a\u{FEFF}@b.c",
            "a＠b.c",
            "a＠b@c.d",
            "a﹫b@c.d",
            "a@localhost",
            "a@b.",
            "a@.b",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            "a@b_c.d",
            "a@b/c.d",
            "a@[127.0.0.1]",
            "a@b.c?d",
            "a@b%2ec.d",
            "a@xn--example-.com",
            "a@xn--.com",
            "a@xn--a.com",
        ];
        for raw in refused {
            assert_eq!(key(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_bytes_as_written_and_as_key() {
        let long = |bytes: usize| format!("{}@example.com", "a".repeat(bytes - "@example.com".len()));
        assert!(key(&long(254)).is_some());
        assert!(key(&long(255)).is_none());
        let astral = |count: usize| format!("{}a@example.com", "😀".repeat(count));
        assert_eq!((astral(60).len(), key(&astral(60)).is_some()), (253, true));
        assert_eq!((astral(61).len(), key(&astral(61))), (257, None));
        let grows = |bytes: usize| format!("{}@ü.com", "a".repeat(bytes));
        assert_eq!(key(&grows(254 - "@xn--tda.com".len())).map(|key| key.len()), Some(254));
        assert_eq!(key(&grows(255 - "@xn--tda.com".len())), None);
        assert!(key(&format!("a@{}.com", "b".repeat(63))).is_some());
        assert!(key(&format!("a@{}.com", "b".repeat(64))).is_none());
        assert!(key(&"a".repeat(1_000_000)).is_none());
    }

    #[test]
    fn an_address_does_not_print() {
        assert_eq!(format!("{:?}", Email::parse("a@b.c").expect("an address")), "Email(…)");
    }
}
