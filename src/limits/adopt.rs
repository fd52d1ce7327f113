//! Limits of what an app's backend does: keys, its people, and the tokens that it signs.

use std::time::Duration;

use super::RateLimit;

/// Keys of a server: a few for each of an app's services.
pub const KEYS: usize = 100;
/// A key's name.
pub const KEY_NAME_LENGTH: usize = 80;
/// How long the keys that were read are used. One that was revoked is refused within a second.
pub const KEY_CACHE: Duration = Duration::from_millis(500);
const _: () = assert!(KEY_CACHE.as_millis() <= 500, "half of the second is for reading them");
/// After how many of these times the sessions of open sockets are checked as well, which is every five seconds.
pub const KEY_CHECKS: u32 = 10;
/// Objects that the queries and mutations of one key can return: see [`OBJECTS`](super::OBJECTS). A backend does for all
/// people what one person does for themselves.
pub const KEY_OBJECTS: RateLimit = RateLimit { name: "key_objects", burst: 500_000, every: Duration::from_micros(20) };
/// People that one key makes, changes, signs out, erases, adds to groups or removes from them, and messages that it
/// deletes: an app of 10,000 users is taken over at once, and then 500 a second.
pub const KEY_CHANGES: RateLimit = RateLimit { name: "key_changes", burst: 10_000, every: Duration::from_millis(2) };

/// How long a bot's socket lives, as that of anybody else at most.
pub const BOT_SOCKET: Duration = super::SESSION_ABSOLUTE;

/// The reason that an operator gives for what they do, in characters: a line of a log.
pub const AUDIT_REASON_LENGTH: usize = 200;

/// Entries of the audit log that are removed in one transaction: a few milliseconds of the writer.
pub const AUDIT_REMOVALS: u64 = 1_000;
/// People whom an entry of the audit log names; of more it has the number.
pub const AUDIT_PEOPLE: usize = 25;
/// The characters of a user agent that an entry has: the browser and the system are at its beginning.
pub const AUDIT_AGENT_LENGTH: usize = 120;

/// People in one `upsertUsers`.
pub const UPSERT_USERS: usize = 100;
/// An id in the app's own backend, in characters. Subjects of OpenID Connect have 255 ASCII characters at most (Core 1.0,
/// section 2), and those of issuers in use have less than 64.
pub const EXTERNAL_ID_LENGTH: usize = 128;
/// The app's own data, in bytes of its JSON.
pub const METADATA_BYTES: usize = 4 * 1024;
/// How deep it may be nested, its outermost object included.
pub const METADATA_LEVELS: usize = 8;

/// A token of the app's issuer, in bytes: those of Keycloak list roles and groups, and headers of a request end at
/// 16 KiB.
pub const APP_TOKEN_BYTES: usize = 8 * 1024;
/// The longest life of such a token: one that is stolen is of use for that long.
pub const APP_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How far the clock of the issuer may be ahead of ours.
pub const ISSUER_CLOCK_AHEAD: Duration = Duration::from_secs(30);
/// The document of the issuer's keys, in bytes: those of the large ones have up to 10 KiB.
pub const ISSUER_KEYS_BYTES: usize = 64 * 1024;
/// Keys of an issuer that are used; more are not looked at.
pub const ISSUER_KEYS: usize = 50;
/// How long fetching them may take.
pub const ISSUER_WAIT: Duration = Duration::from_secs(5);
/// How often they are fetched again for a token of a key that is not among them, also while that fails.
pub const ISSUER_REFETCH: Duration = Duration::from_secs(60);
/// When they are fetched again after a fetch that failed, while there are none.
pub const ISSUER_RETRY: Duration = Duration::from_secs(5);
/// When they are fetched again while they are in use, so that a key that the issuer has withdrawn is forgotten.
pub const ISSUER_FRESH: Duration = Duration::from_secs(15 * 60);
/// People by the ids in the app's backend whose state is cached, with some 200 bytes each.
pub const APP_PEOPLE: u64 = 100_000;
