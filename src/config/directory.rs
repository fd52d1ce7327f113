//! Who can find and see whom.

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
