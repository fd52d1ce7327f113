//! Which pages' requests carry the session's cookie.

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
