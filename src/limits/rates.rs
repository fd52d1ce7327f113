//! Rate limits, and the key that each is counted by: a person, an account or an address.

use std::time::Duration;

/// A rate limit: a burst, and a sustained rate.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// How the log and the metrics call it.
    pub name: &'static str,
    /// How many may happen at once.
    pub burst: u32,
    /// The sustained rate: one per interval.
    pub every: Duration,
}
impl RateLimit {
    /// As many times this rate as `hourly` is of what it allows in an hour, in its burst as well.
    pub fn scaled(self, hourly: u32, usual: u32) -> Self {
        let burst = u64::from(self.burst) * u64::from(hourly) / u64::from(usual.max(1));
        let burst = u32::try_from(burst).unwrap_or(u32::MAX).max(1);
        Self { burst, every: self.every * usual / hourly.max(1), ..self }
    }
}

/// Wrong passwords of one account from one address.
pub const GUESSES: RateLimit = RateLimit { name: "guesses", burst: 5, every: Duration::from_secs(60) };
/// Wrong passwords of one account: 100 an hour.
pub const GUESSES_PER_ACCOUNT: RateLimit =
    RateLimit { name: "guesses_per_account", burst: 100, every: Duration::from_secs(36) };
/// Wrong passwords from one address.
pub const GUESSES_PER_ADDRESS: RateLimit =
    RateLimit { name: "guesses_per_address", burst: 20, every: Duration::from_secs(10) };
/// How long an address from which somebody signed in to an account is remembered. Each takes a row, and right passwords
/// have rates.
pub const FAMILIAR: Duration = Duration::from_secs(90 * 24 * 3600);
/// Attempts of a node that are counted in the database at the same time; more wait. A statement takes about as long as a
/// commit, and a password takes longer to compare.
pub const COUNTED_AT_ONCE: usize = 4;
/// How far the clocks of nodes, and the moments at which concurrent attempts are counted, may be apart without refusing an
/// attempt. Less than the time of one in every rate that is shared, so that none allows one more.
pub const CLOCKS_APART: Duration = Duration::from_secs(1);
const _: () = assert!(CLOCKS_APART.as_millis() < LOGINS_PER_ADDRESS.every.as_millis());
/// How often an attempt is counted again that lost a race for the last place.
pub const COUNT_TRIES: usize = 3;
/// Rows of rates that are removed at a time.
pub const RATES_PURGED: u64 = 1_000;
/// New accounts from one address, in an hour: the setting SIGNUPS_PER_ADDRESS is relative to it.
pub const SIGNUPS_AN_HOUR: u32 = 360;
/// Right passwords from one address, in an hour: likewise LOGINS_PER_ADDRESS, for wrong ones too.
pub const LOGINS_AN_HOUR: u32 = 1_800;
/// New accounts from one address.
pub const SIGNUPS: RateLimit = RateLimit { name: "signups", burst: 20, every: Duration::from_secs(10) };
/// Right passwords for one account, from all addresses. Each creates a session and costs an argon2 hash.
pub const LOGINS_PER_ACCOUNT: RateLimit =
    RateLimit { name: "logins_per_account", burst: 20, every: Duration::from_secs(10) };
/// Right passwords from one address, for all accounts: enough for an office on Monday morning.
pub const LOGINS_PER_ADDRESS: RateLimit =
    RateLimit { name: "logins_per_address", burst: 60, every: Duration::from_secs(2) };
/// Renewals of one person's sessions: enough for all of their devices at once after a restart of the server.
pub const RENEWALS: RateLimit = RateLimit { name: "renewals", burst: 50, every: Duration::from_secs(10) };
/// Objects that the queries and mutations of one person can return, or those of the visitors of one address, as the
/// guard counts them before they are executed. Five documents of the largest size at once, and then two in three
/// seconds, which keep a fraction of one core busy. A page of the chat client's history comes to 600, and people who scroll
/// fast read ten in a second.
pub const OBJECTS: RateLimit = RateLimit { name: "objects", burst: 50_000, every: Duration::from_micros(150) };
/// Messages that one person sends or edits.
pub const SENDS: RateLimit = RateLimit { name: "sends", burst: 20, every: Duration::from_millis(200) };
/// First messages of one person to people with whom they have no direct conversation yet. A new user writes to ten
/// friends at once; a spammer writes to hundreds.
pub const FIRST_MESSAGES: RateLimit = RateLimit { name: "first_messages", burst: 10, every: Duration::from_secs(60) };
/// Changes of one person's profile, each of which is published to all of their contacts.
pub const PROFILES: RateLimit = RateLimit { name: "profiles", burst: 10, every: Duration::from_secs(6) };
/// Pages of people, and searches, of one person.
pub const SEARCHES: RateLimit = RateLimit { name: "searches", burst: 30, every: Duration::from_millis(200) };
/// Searches of one person for an e-mail address, as they reveal who has an account.
pub const EMAIL_SEARCHES: RateLimit = RateLimit { name: "email_searches", burst: 30, every: Duration::from_secs(2) };
/// Searches from one address for an e-mail address, by all accounts: in the long run no more than one person's.
pub const EMAIL_SEARCHES_PER_ADDRESS: RateLimit =
    RateLimit { name: "email_searches_per_address", burst: 60, every: Duration::from_secs(2) };
/// Images that one person sends, and upload slots. An image sent to a slot is counted with the slot; decoding it again
/// counts as one more.
pub const UPLOADS: RateLimit = RateLimit { name: "uploads", burst: 10, every: Duration::from_secs(6) };
/// Typing signals of one person.
pub const TYPING_SIGNS: RateLimit = RateLimit { name: "typing_signs", burst: 5, every: Duration::from_secs(1) };
/// Groups that one person creates.
pub const NEW_GROUPS: RateLimit = RateLimit { name: "new_groups", burst: 10, every: Duration::from_secs(6) };
/// Members of the groups that one person creates, and members that they add: at once, two of the largest groups that there are
/// without a setting. Each costs a row and an event.
pub const MEMBERSHIPS: RateLimit = RateLimit { name: "memberships", burst: 2_000, every: Duration::from_millis(100) };
/// Changes of groups, of their titles and members, by one person. Each is published to the whole group.
pub const GROUP_CHANGES: RateLimit = RateLimit { name: "group_changes", burst: 30, every: Duration::from_secs(1) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_and_its_burst_are_scaled_alike() {
        assert_eq!(SIGNUPS.every * SIGNUPS_AN_HOUR, Duration::from_secs(3_600));
        assert_eq!(LOGINS_PER_ADDRESS.every * LOGINS_AN_HOUR, Duration::from_secs(3_600));
        let more = SIGNUPS.scaled(3_000, SIGNUPS_AN_HOUR);
        assert_eq!((more.burst, more.every), (166, Duration::from_millis(1_200)));
        let usual = SIGNUPS.scaled(SIGNUPS_AN_HOUR, SIGNUPS_AN_HOUR);
        assert_eq!((usual.burst, usual.every), (SIGNUPS.burst, SIGNUPS.every));
        assert_eq!(SIGNUPS.scaled(1, SIGNUPS_AN_HOUR).burst, 1);
        // The most that the settings take.
        assert!(SIGNUPS.scaled(3_500, SIGNUPS_AN_HOUR).every > CLOCKS_APART);
        assert!(LOGINS_PER_ADDRESS.scaled(3_500, LOGINS_AN_HOUR).every > CLOCKS_APART);
    }
}
