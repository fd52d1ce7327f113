//! Limits password guesses: few per address, and few per account however many addresses they come from. A guess is a
//! wrong password. Guesses are counted by the e-mail address as typed, so that an account that does not exist is
//! limited like one that does. Correct passwords have a more generous rate of their own, because each costs an argon2
//! hash.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use moka::sync::Cache;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::limits;
use crate::rates::{Rate, neighbourhood};

/// The password attempts of the last hour.
pub(super) struct Guesses {
    keys: RandomState,
    by_address: Rate<IpAddr>,
    by_account_and_address: Rate<(Account, IpAddr)>,
    by_account: Rate<Account>,
    right_by_address: Rate<IpAddr>,
    right_by_account: Rate<Account>,
    /// The addresses from which somebody signed in to an account before.
    familiar: Cache<(Account, IpAddr), ()>,
}

/// A keyed hash of the e-mail address as typed, which may be long and should not be stored. A collision is as likely as
/// a correct guess.
type Account = u64;

/// A password that is being compared. It counts as wrong until it is known to be correct, so that parallel attempts are
/// limited like sequential ones.
#[must_use]
pub(super) struct Guess<'a> {
    guesses: &'a Guesses,
    address: IpAddr,
    account: Account,
    is_familiar: bool,
}

impl Guesses {
    /// Starts without any attempts.
    pub(super) fn new(config: &Config, clock: &Clock) -> Self {
        Self {
            keys: RandomState::new(),
            by_address: Rate::new(config, clock, limits::GUESSES_PER_ADDRESS),
            by_account_and_address: Rate::new(config, clock, limits::GUESSES),
            by_account: Rate::new(config, clock, limits::GUESSES_PER_ACCOUNT),
            right_by_address: Rate::new(config, clock, limits::LOGINS_PER_ADDRESS),
            right_by_account: Rate::new(config, clock, limits::LOGINS_PER_ACCOUNT),
            familiar: Cache::new(limits::FAMILIAR_ADDRESSES),
        }
    }

    /// Counts an attempt for an account from an address, or returns when the next one is allowed. Until the password is
    /// compared, the attempt counts as a wrong one and as a correct one.
    pub(super) fn begin(&self, account: &str, address: IpAddr) -> Result<Guess<'_>> {
        let (account, address) = (self.keys.hash_one(account), neighbourhood(address));
        self.right_by_address.take(&address)?;
        let guess = self.guess(account, address);
        guess.inspect_err(|_| self.right_by_address.give_back(&address))
    }

    fn guess(&self, account: Account, address: IpAddr) -> Result<Guess<'_>> {
        // First, so that an address over its limit can't fill the other tables with invented accounts.
        self.by_address.take(&address)?;
        self.by_account_and_address.take(&(account, address)).inspect_err(|_| self.by_address.give_back(&address))?;
        // Otherwise strangers guessing from two addresses could lock the owner out of their usual place. Guesses from a
        // familiar address are still limited by that address.
        let is_familiar = self.familiar.contains_key(&(account, address));
        if !is_familiar {
            self.by_account.take(&account).inspect_err(|_| {
                self.by_account_and_address.give_back(&(account, address));
                self.by_address.give_back(&address);
            })?;
        }
        Ok(Guess { guesses: self, address, account, is_familiar })
    }

    /// Remembers an address as familiar after somebody signed up from it.
    pub(super) fn remember(&self, account: &str, address: IpAddr) {
        self.familiar.insert((self.keys.hash_one(account), neighbourhood(address)), ());
    }
}

impl Guess<'_> {
    /// Whether the password was correct; `None` if it was not compared. A wrong one stays counted as a guess, and so
    /// does one whose caller stopped waiting. `RateLimited` if the account had too many correct ones.
    pub(super) fn end(self, is_right: Option<bool>) -> Result<()> {
        let Self { guesses, address, account, is_familiar } = self;
        if is_right != Some(true) {
            guesses.right_by_address.give_back(&address);
        }
        if is_right == Some(false) {
            return Ok(());
        }
        if !is_familiar {
            guesses.by_account.give_back(&account);
        }
        guesses.by_account_and_address.give_back(&(account, address));
        guesses.by_address.give_back(&address);
        if is_right == Some(true) {
            guesses.familiar.insert((account, address), ());
            // Only once it is known to be correct; otherwise guesses would use up the owner's logins.
            guesses.right_by_account.take(&account)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Error;

    const SECOND: Duration = Duration::from_secs(1);

    fn guesses() -> (Guesses, Clock) {
        let clock = Clock::default();
        (Guesses::new(&Config::from_lookup(|_| None).expect("the defaults"), &clock), clock)
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// How many of these wrong passwords are compared.
    fn wrong(guesses: &Guesses, tries: usize, account: &str, address: IpAddr) -> usize {
        (0..tries).filter(|_| guesses.begin(account, address).is_ok()).count()
    }

    /// A right password.
    fn right(guesses: &Guesses, account: &str, address: IpAddr) -> Result<()> {
        guesses.begin(account, address)?.end(Some(true))
    }

    #[test]
    fn logins_to_an_account_have_a_burst_of_twenty_and_then_six_a_minute() {
        let (guesses, clock) = guesses();
        let logins = |guesses| (0..100).filter(|n| right(guesses, "ada", address(*n)).is_ok()).count();
        assert_eq!(logins(&guesses), 20);
        clock.advance(60 * SECOND);
        assert_eq!(logins(&guesses), 6);
        right(&guesses, "bob", address(1)).expect("another account");
    }

    #[test]
    fn logins_from_an_address_have_a_burst_of_sixty_and_then_thirty_a_minute() {
        let (guesses, clock) = guesses();
        let logins =
            |round: usize| (0..200).filter(|n| right(&guesses, &format!("{round} {n}"), address(1)).is_ok()).count();
        assert_eq!(logins(1), 60);
        clock.advance(60 * SECOND);
        assert_eq!(logins(2), 30);
        right(&guesses, "ada", address(2)).expect("another address");
    }

    #[test]
    fn guesses_do_not_use_up_the_owners_logins() {
        let (guesses, _) = guesses();
        let stranger = |n: u8| guesses.begin("ada", address(n)).and_then(|guess| guess.end(Some(false)));
        assert_eq!((2..=255).filter(|n| stranger(*n).is_ok()).count(), 100);
        // The owner signs in from an address from which others guess.
        guesses.remember("ada", address(2));
        for _ in 0..20 {
            right(&guesses, "ada", address(2)).expect("a login");
        }
    }

    #[test]
    fn guesses_at_an_account_from_an_address_have_a_burst_of_five_and_then_one_a_minute() {
        let (guesses, clock) = guesses();
        assert_eq!(wrong(&guesses, 200, "ada", address(1)), 5);
        clock.advance(60 * SECOND);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)), 1);
        assert_eq!(wrong(&guesses, 200, "ada", address(2)), 5);
        assert_eq!(wrong(&guesses, 200, "bob", address(1)), 5);
    }

    #[test]
    fn guesses_from_an_address_have_a_burst_of_twenty_and_then_six_a_minute() {
        let (guesses, clock) = guesses();
        let spray =
            |round: usize| (0..200).map(|n| wrong(&guesses, 1, &format!("{round} {n}"), address(1))).sum::<usize>();
        assert_eq!(spray(1), 20);
        clock.advance(60 * SECOND);
        assert_eq!(spray(2), 6);
    }

    #[test]
    fn an_account_gets_a_hundred_guesses_an_hour_from_all_addresses() {
        let (guesses, clock) = guesses();
        let from_everywhere = || (0..=255).map(|n| wrong(&guesses, 5, "ada", address(n))).sum::<usize>();
        assert_eq!(from_everywhere(), 100);
        clock.advance(3_600 * SECOND);
        assert_eq!(from_everywhere(), 100);
        // Rejected attempts did not count against their addresses.
        assert_eq!(wrong(&guesses, 5, "bob", address(250)), 5);
    }

    #[test]
    fn guesses_from_elsewhere_do_not_lock_the_owner_out_of_a_familiar_address() {
        let (guesses, clock) = guesses();
        right(&guesses, "ada", address(1)).expect("a login");
        let from_everywhere = |guesses| (2..=255).map(|n| wrong(guesses, 5, "ada", address(n))).sum::<usize>();
        assert_eq!(from_everywhere(&guesses), 100);
        assert_eq!(wrong(&guesses, 1, "ada", address(0)), 0, "not a familiar address");

        right(&guesses, "ada", address(1)).expect("a login");
        // A familiar address gets no more guesses, and others get no fewer.
        assert_eq!(wrong(&guesses, 200, "ada", address(1)), 5);
        clock.advance(3_600 * SECOND);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)), 5);
        assert_eq!(from_everywhere(&guesses), 100);
    }

    #[test]
    fn an_attempt_that_is_not_compared_is_no_guess_and_makes_no_address_familiar() {
        let (guesses, _) = guesses();
        for _ in 0..200 {
            guesses.begin("ada", address(1)).and_then(|guess| guess.end(None)).expect("it would be compared");
        }
        assert_eq!((0..=255).map(|n| wrong(&guesses, 5, "ada", address(n))).sum::<usize>(), 100);
    }

    #[test]
    fn right_passwords_are_no_guesses_but_abandoned_attempts_are() {
        let (guesses, clock) = guesses();
        for _ in 0..100 {
            right(&guesses, "ada", address(1)).expect("a login");
            clock.advance(10 * SECOND);
        }
        let at_once: Vec<_> = (0..200).filter_map(|_| guesses.begin("ada", address(1)).ok()).collect();
        assert_eq!(at_once.len(), 5);
        drop(at_once);
        let refused = guesses.begin("ada", address(1)).err().expect("one too many");
        assert!(matches!(refused, Error::RateLimited { retry_after } if retry_after > 59 * SECOND));
    }
}
