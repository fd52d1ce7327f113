//! Limits of what people do in groups, and on their own side of a conversation.

use std::time::Duration;

use super::RateLimit;

/// The largest group in which everybody may call everybody.
pub const EVERYONE_CALLS_EVERYONE: usize = 20;
/// Pinned messages of a conversation.
pub const PINS: usize = 50;
/// People that a system line names.
pub const LINE_PEOPLE: usize = 10;
/// Messages that one person pins and unpins. Each is published to the whole conversation.
pub const PIN_CHANGES: RateLimit = RateLimit { name: "pin_changes", burst: 30, every: Duration::from_secs(1) };
/// Changes of one's own side of conversations, which go to one's own devices: an afternoon's tidying at once.
pub const OWN_SIDE_CHANGES: RateLimit =
    RateLimit { name: "own_side_changes", burst: 120, every: Duration::from_secs(1) };
