//! Limits of archives of one's own data.

use std::time::Duration;

/// How long an archive is kept, and its address good for at most; another one is made after it.
pub const EXPORT_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Archives that a node makes at a time.
pub const EXPORTS_AT_ONCE: usize = 1;
/// Archives that wait for that. A further one is begun when it is fetched.
pub const EXPORTS_WAITING: usize = 64;
/// How long an archive counts as being made after the last sign of its maker.
pub const EXPORT_LEASE: Duration = Duration::from_secs(120);
/// How often its maker gives one.
pub const EXPORT_RENEWAL: Duration = Duration::from_secs(10);
/// How often a read or write of its maker is tried while the store does not answer …
pub const EXPORT_TRIES: u32 = 6;
/// … and what it waits in between.
pub const EXPORT_PAUSE: Duration = Duration::from_secs(10);
/// By how much an address expires earlier than the one before of the same archive, so that the two differ.
pub const EXPORT_ADDRESS_STEP: Duration = Duration::from_secs(1);
/// Seqs of a history that one read looks through for somebody's messages: 8 MB of the longest ones.
pub const EXPORT_WINDOW: i32 = 500;
/// Rows of other tables that one read has.
pub const EXPORT_ROWS: u64 = 500;
/// Reactions that one read has. They are small, and sorted anew for each.
pub const EXPORT_REACTIONS: u64 = 10_000;
/// A file of lines goes on in another one from this size on.
pub const EXPORT_FILE: usize = 1024 * 1024;
/// What is compressed before others get the thread: half a millisecond.
pub const EXPORT_STEP: usize = 64 * 1024;
/// An object of an archive: two of them are in memory at most. Each is synced to the disk, which writers wait for too.
pub const EXPORT_PIECE: usize = 4 * 1024 * 1024;
/// What an operator's command sends of an archive at a time: with base64 it fits into [`LOCAL_ANSWER`](super::LOCAL_ANSWER).
pub const EXPORT_SENT: usize = 256 * 1024;
/// Whoever makes an archive rests after this much work …
pub const EXPORT_WORK: Duration = Duration::from_millis(5);
/// … for so many times as long as it took, so that it gets a fifth of a processor at most, and less while others wait …
pub const EXPORT_REST: u32 = 4;
/// … up to this.
pub const EXPORT_LONGEST_REST: Duration = Duration::from_secs(1);
/// How long a request for an archive waits for it to be whole: less than proxies wait.
pub const EXPORT_WAIT: Duration = Duration::from_secs(20);
/// How often it looks whether another node has made it.
pub const EXPORT_LOOK: Duration = Duration::from_secs(1);
/// When a request is worth another try while the archive is being made.
pub const EXPORT_RETRY: Duration = Duration::from_secs(5);
