//! How far people see each other.

/// Who finds whom, and sees who is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// Everybody finds and sees everybody.
    Open,
    /// One sees those with whom one shares a conversation, and finds others by their whole e-mail address or id.
    Shared,
    /// One sees those with whom one shares a conversation, and finds nobody.
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
