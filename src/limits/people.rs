//! Limits of blocking, reporting and finding people.

use std::time::Duration;

use super::RateLimit;

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
