//! How often something may be done, and by whom that is counted.

use std::time::Duration;

/// How often something may be done: a burst at once, and then one each so often.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So many at once.
    pub burst: u32,
    /// And then one each.
    pub every: Duration,
}
/// Wrong passwords of one account from one address.
pub const GUESSES: Pace = Pace { burst: 5, every: Duration::from_secs(60) };
/// Wrong passwords of one account: 100 an hour.
pub const GUESSES_PER_ACCOUNT: Pace = Pace { burst: 100, every: Duration::from_secs(36) };
/// Wrong passwords from one address.
pub const GUESSES_PER_ADDRESS: Pace = Pace { burst: 20, every: Duration::from_secs(10) };
/// Pairs of an account and an address from which it was signed in to, which are remembered.
pub const FAMILIAR_ADDRESSES: u64 = 100_000;
/// New accounts from one address.
pub const SIGNUPS: Pace = Pace { burst: 20, every: Duration::from_secs(10) };
/// Messages that one person sends or edits.
pub const SENDS: Pace = Pace { burst: 20, every: Duration::from_millis(200) };
/// Changes of one person's profile, which all of their contacts hear of.
pub const PROFILES: Pace = Pace { burst: 10, every: Duration::from_secs(6) };
/// Pages of people, and searches, of one person.
pub const SEARCHES: Pace = Pace { burst: 30, every: Duration::from_millis(200) };
/// Searches of one person for an e-mail address: they tell who has an account.
pub const EMAIL_SEARCHES: Pace = Pace { burst: 30, every: Duration::from_secs(2) };
/// Images that one person sends, and places for them.
pub const UPLOADS: Pace = Pace { burst: 10, every: Duration::from_secs(6) };
/// Signs of one person that they are typing.
pub const TYPING_SIGNS: Pace = Pace { burst: 5, every: Duration::from_secs(1) };
/// Groups that one person makes.
pub const NEW_GROUPS: Pace = Pace { burst: 10, every: Duration::from_secs(6) };
/// Changes of groups, of their titles and members, by one person. Everybody in a group hears of each.
pub const GROUP_CHANGES: Pace = Pace { burst: 30, every: Duration::from_secs(1) };
