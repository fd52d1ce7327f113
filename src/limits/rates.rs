//! How often something may be done, and by whom that is counted.

use std::time::Duration;

/// A rate limit: a burst, and a sustained rate.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// How many may come at once.
    pub burst: u32,
    /// After a burst: one each interval.
    pub every: Duration,
}
/// Wrong passwords of one account from one address.
pub const GUESSES: RateLimit = RateLimit { burst: 5, every: Duration::from_secs(60) };
/// Wrong passwords of one account: 100 an hour.
pub const GUESSES_PER_ACCOUNT: RateLimit = RateLimit { burst: 100, every: Duration::from_secs(36) };
/// Wrong passwords from one address.
pub const GUESSES_PER_ADDRESS: RateLimit = RateLimit { burst: 20, every: Duration::from_secs(10) };
/// Pairs of an account and an address from which it was signed in to, which are remembered.
pub const FAMILIAR_ADDRESSES: u64 = 100_000;
/// New accounts from one address.
pub const SIGNUPS: RateLimit = RateLimit { burst: 20, every: Duration::from_secs(10) };
/// Right passwords for one account, from wherever. Each makes a session and costs a hash of argon2.
pub const LOGINS_PER_ACCOUNT: RateLimit = RateLimit { burst: 20, every: Duration::from_secs(10) };
/// Right passwords from one address, for whatever accounts: an office that comes in on Monday passes.
pub const LOGINS_PER_ADDRESS: RateLimit = RateLimit { burst: 60, every: Duration::from_secs(2) };
/// Renewals of one person's sessions: all of their devices at once, which come back after a restart.
pub const RENEWALS: RateLimit = RateLimit { burst: 50, every: Duration::from_secs(10) };
/// Objects that the queries and mutations of one person can return, or those of the visitors of one address, as the guard
/// counts them before they are executed. Five documents of the largest size at once, and then one in two seconds, which
/// keeps a fraction of one core busy. A page of the chat client's history comes to some hundreds.
pub const OBJECTS: RateLimit = RateLimit { burst: 50_000, every: Duration::from_micros(200) };
/// Messages that one person sends or edits.
pub const SENDS: RateLimit = RateLimit { burst: 20, every: Duration::from_millis(200) };
/// First messages of one person to people with whom they have no direct conversation yet. Whoever moves in writes to
/// their ten friends at once; whoever advertises writes to hundreds.
pub const FIRST_MESSAGES: RateLimit = RateLimit { burst: 10, every: Duration::from_secs(60) };
/// Changes of one person's profile, which all of their contacts hear of.
pub const PROFILES: RateLimit = RateLimit { burst: 10, every: Duration::from_secs(6) };
/// Pages of people, and searches, of one person.
pub const SEARCHES: RateLimit = RateLimit { burst: 30, every: Duration::from_millis(200) };
/// Searches of one person for an e-mail address: they tell who has an account.
pub const EMAIL_SEARCHES: RateLimit = RateLimit { burst: 30, every: Duration::from_secs(2) };
/// Searches from one address for an e-mail address, by whatever accounts: in the long run no more than one person's.
pub const EMAIL_SEARCHES_PER_ADDRESS: RateLimit = RateLimit { burst: 60, every: Duration::from_secs(2) };
/// Images that one person sends, and places for them. The image of a place is paid for with the place; what is decoded
/// once more costs one more.
pub const UPLOADS: RateLimit = RateLimit { burst: 10, every: Duration::from_secs(6) };
/// Signs of one person that they are typing.
pub const TYPING_SIGNS: RateLimit = RateLimit { burst: 5, every: Duration::from_secs(1) };
/// Groups that one person makes.
pub const NEW_GROUPS: RateLimit = RateLimit { burst: 10, every: Duration::from_secs(6) };
/// Members of the groups that one person makes, and members that they add: two of the largest groups at once. Each is a
/// row and an event.
pub const MEMBERSHIPS: RateLimit = RateLimit { burst: 2_000, every: Duration::from_millis(100) };
/// Changes of groups, of their titles and members, by one person. Everybody in a group hears of each.
pub const GROUP_CHANGES: RateLimit = RateLimit { burst: 30, every: Duration::from_secs(1) };
