//! Settings of which each takes a few words.

/// Who finds whom, and sees who is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// Everybody finds and sees everybody.
    Open,
    /// People see those with whom they share a conversation, and find others by their whole e-mail address or id.
    Shared,
    /// People see those with whom they share a conversation, and cannot find others.
    Closed,
}

impl Directory {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "shared" => Some(Self::Shared),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// The `SameSite` attribute of the session's cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Requests of pages on the same site.
    Strict,
    /// Those, and following a link from another site.
    Lax,
    /// Requests of any page. Which pages may use the API is up to `CORS_ORIGINS` alone.
    None,
}

impl SameSite {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "strict" => Some(Self::Strict),
            "lax" => Some(Self::Lax),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}
