//! Limits of what messages carry, and of reactions to them.

use std::time::Duration;

use super::RateLimit;

/// The characters of what an app says a message is.
pub const MESSAGE_TYPE_LENGTH: usize = 64;
/// People whom a message calls by name.
pub const MENTIONS: usize = 50;
/// Those of them that a message shows.
pub const SHOWN_MENTIONS: usize = 10;
/// Different emoji that people react with to one message.
pub const REACTION_EMOJI: usize = 20;
/// Those of one person.
pub const REACTIONS_PER_PERSON: usize = 10;
/// The characters of an emoji's name, without its colons.
pub const EMOJI_NAME_LENGTH: usize = 32;
/// The shortest interval at which one node publishes the reactions to one message.
pub const REACTION_PACE: Duration = Duration::from_millis(250);
/// Changes that one event publishes. More wait for the next one.
pub const REACTION_CHANGES: usize = 100;
/// Requests that wait on one node for the reactions to one message.
pub const REACTION_CALLERS: usize = 2_000;
/// Reactions that one person adds and removes: each is published to the whole conversation.
pub const REACTIONS: RateLimit = RateLimit { name: "reactions", burst: 40, every: Duration::from_millis(500) };
