//! Origins: where a page was loaded from, as browsers report it in `Origin`.

use std::fmt;

use url::Url;

/// Scheme, host and port of a page's address (RFC 6454), such as `https://chat.example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    /// The port only where it is not the scheme's own.
    host: String,
}

impl Origin {
    /// Parses an origin without anything else: no path, no user, no `null`.
    pub fn parse(text: &str) -> Option<Self> {
        // The URL parser drops tabs and line breaks, so its result could differ from what was sent.
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        printable.then(|| Url::parse(text).ok()).flatten().as_ref().and_then(Self::of)
    }

    /// The origin of a URL; `None` if the URL has anything else.
    pub fn of(url: &Url) -> Option<Self> {
        let bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().filter(|host| bare && !host.is_empty())?.to_ascii_lowercase();
        let host = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Some(Self { scheme: url.scheme().to_owned(), host })
    }

    /// The host without its port; an IPv6 address in its brackets.
    pub fn name(&self) -> &str {
        let end = match self.host.find(']') {
            Some(bracket) => bracket + 1,
            None => self.host.find(':').unwrap_or(self.host.len()),
        };
        &self.host[..end]
    }

    /// Whether a request's `Host` is this origin's host and port. The scheme is unknown, as a proxy may terminate TLS.
    pub fn is_at(&self, host: &str) -> bool {
        Self::parse(&format!("{}://{host}", self.scheme)).is_some_and(|other| other.host == self.host)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_only_scheme_host_and_port() {
        for (text, origin) in [
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://Chat.Example.org", "https://chat.example.org"),
            ("https://chat.example.org/", "https://chat.example.org"),
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Some(origin), "{text}");
        }
        for text in [
            "",
            "null",
            "*",
            "localhost:5173",
            "http://",
            "file:///etc/passwd",
            "http://localhost:5173.evil.example",
            "http://localhost:5173@evil.example",
            "https://chat.example.org/path",
            "https://chat.example.org?query",
            "https://chat.example.org#fragment",
            "https://chat.exa\tmple.org",
            "https://a.example, https://b.example",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_compared_with_its_port_and_without_the_scheme() {
        for (origin, host, same) in [
            ("http://localhost:3000", "localhost:3000", true),
            ("http://localhost:3000", "LOCALHOST:3000", true),
            ("https://chat.example.org", "chat.example.org", true),
            ("https://chat.example.org", "chat.example.org:443", true),
            ("http://chat.example.org", "chat.example.org:443", false),
            ("http://localhost:3001", "localhost:3000", false),
            ("http://localhost", "localhost:3000", false),
            ("http://evil.example", "chat.example.org", false),
            ("http://chat.example.org", "", false),
            ("http://chat.example.org", "chat.example.org/path", false),
        ] {
            assert_eq!(Origin::parse(origin).unwrap().is_at(host), same, "{origin} {host}");
        }
    }
}
