//! Limits of messages and groups, and of blocking, reporting and finding people.

use std::time::Duration;

use super::RateLimit;

// Messages, and reactions to them.
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

// What people do in groups, and on their own side of a conversation.
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

// People.
/// People whom one person blocks.
pub const BLOCKS_PER_USER: u64 = 5_000;
/// Blocks of one person, and their ends. Each is an event for their own devices.
pub const BLOCKS: RateLimit = RateLimit { name: "blocks", burst: 60, every: Duration::from_secs(2) };
/// How long a subscription to who is online uses the blocks that it has read: a new one is signalled at once, and a signal
/// that is lost is made up for after this.
pub const BLOCKS_FRESH: Duration = Duration::from_secs(60);

/// Reports of one person in a [`REPORTS_TIME`].
pub const REPORTS_PER_USER: u64 = 20;
/// The time in which they are counted.
pub const REPORTS_TIME: Duration = Duration::from_secs(24 * 3600);
/// The comment of a report, and the note of a moderator.
pub const REPORT_TEXT_LENGTH: usize = 1_000;
/// How long a report is kept after it was closed.
pub const REPORT_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// Reports that are deleted in one transaction.
pub const REPORTS_PURGED: u64 = 100;

/// How often the program looks for names whose parts are missing, which only an older node leaves.
pub const NAMES_EVERY: Duration = Duration::from_secs(2);
/// People whose names are split in one transaction: some thousand rows.
pub const NAMES_AT_ONCE: u64 = 200;
