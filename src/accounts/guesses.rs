//! Limits password guesses: few per address, and few per account however many addresses they come from. A guess is a
//! wrong password. Guesses are counted by the e-mail address as typed, so that an account that does not exist is
//! limited like one that does. Correct passwords have a more generous rate of their own, because each costs an argon2
//! hash.

use std::net::IpAddr;
use std::sync::Arc;

use crate::accounts::shared_rates::{RateKey, SharedBucket, SharedRates};
use crate::error::Result;
use crate::limits::{self, RateLimit};
use crate::rates::neighbourhood;

/// The password attempts of the last hour, on all nodes.
pub(super) struct Guesses {
    rates: Arc<SharedRates>,
    /// How many people may sign in from one address in an hour.
    hourly: u32,
}

/// What is counted, by the first byte of what makes its key; 6 is the rate of new accounts.
mod kind {
    pub(super) const RIGHT_BY_ADDRESS: u8 = 1;
    pub(super) const RIGHT_BY_ACCOUNT: u8 = 2;
    pub(super) const BY_ADDRESS: u8 = 3;
    pub(super) const BY_ACCOUNT: u8 = 4;
    pub(super) const BY_ACCOUNT_AND_ADDRESS: u8 = 5;
    /// An address from which somebody signed in to the account before.
    pub(super) const FAMILIAR: u8 = 7;
}

/// The keys of an account and an address.
struct Keys {
    right_by_address: SharedBucket,
    right_by_account: SharedBucket,
    by_address: SharedBucket,
    by_account_and_address: SharedBucket,
    by_account: SharedBucket,
    familiar: RateKey,
}

/// A password that is being compared. It counts as wrong until it is known to be correct, so that parallel attempts are
/// limited like sequential ones.
#[must_use]
pub(super) struct Guess<'a> {
    guesses: &'a Guesses,
    keys: Keys,
    is_familiar: bool,
}

impl Guesses {
    /// Counts in these rates; so many people may sign in from one address in an hour.
    pub(super) fn new(rates: Arc<SharedRates>, hourly: u32) -> Self {
        Self { rates, hourly }
    }

    /// Counts an attempt for an account from an address, or returns when the next one is allowed. Until the password is
    /// compared, the attempt counts as a wrong one and as a correct one.
    pub(super) async fn begin(&self, account: &str, address: IpAddr) -> Result<Guess<'_>> {
        let keys = self.keys(account, address);
        let known = self.rates.read(keys.all()).await?;
        // Otherwise strangers guessing from two addresses could lock the owner out of their usual place. Guesses from a
        // familiar address are still limited by that address.
        let is_familiar = known.remembers(&keys.familiar);
        let guess = Guess { guesses: self, keys, is_familiar };
        self.rates.take(known, &guess.counted(None)).await?;
        Ok(guess)
    }

    /// Remembers an address as familiar after somebody signed up from it.
    pub(super) async fn remember(&self, account: &str, address: IpAddr) -> Result<()> {
        self.rates.remember(self.keys(account, address).familiar, limits::FAMILIAR).await
    }

    /// An account as the log names it: a hash with a key of this server, of the e-mail address as typed.
    pub(super) fn account_hash(&self, account: &str) -> String {
        let key = self.rates.key(kind::BY_ACCOUNT, &[account.as_bytes()]);
        key.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn keys(&self, account: &str, address: IpAddr) -> Keys {
        let (account, address) = (account.as_bytes(), octets(address));
        // Of many people behind one address, more mistype as well.
        let at_address = |limit: RateLimit| limit.scaled(self.hourly, limits::LOGINS_AN_HOUR);
        let by = |kind: u8, of: &[&[u8]], limit: RateLimit| SharedBucket { key: self.rates.key(kind, of), limit };
        Keys {
            right_by_address: by(kind::RIGHT_BY_ADDRESS, &[&address], at_address(limits::LOGINS_PER_ADDRESS)),
            right_by_account: by(kind::RIGHT_BY_ACCOUNT, &[account], limits::LOGINS_PER_ACCOUNT),
            by_address: by(kind::BY_ADDRESS, &[&address], at_address(limits::GUESSES_PER_ADDRESS)),
            by_account_and_address: by(kind::BY_ACCOUNT_AND_ADDRESS, &[&address, account], limits::GUESSES),
            by_account: by(kind::BY_ACCOUNT, &[account], limits::GUESSES_PER_ACCOUNT),
            familiar: self.rates.key(kind::FAMILIAR, &[&address, account]),
        }
    }
}

/// The neighbourhood of an address, in as many bytes for both kinds.
pub(super) fn octets(address: IpAddr) -> [u8; 16] {
    match neighbourhood(address) {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl Keys {
    fn all(&self) -> [&RateKey; 5] {
        [
            &self.right_by_address.key,
            &self.by_address.key,
            &self.by_account_and_address.key,
            &self.by_account.key,
            &self.familiar,
        ]
    }
}

impl Guess<'_> {
    /// Whether nobody has signed in to the account from here, as far as is remembered. With rates off nothing is.
    pub(super) fn is_at_a_new_place(&self) -> bool {
        !self.is_familiar && self.guesses.rates.is_limited
    }

    /// What an attempt is counted in, or what of it is given back once it is known whether the password was correct.
    fn counted(&self, is_right: Option<bool>) -> Vec<SharedBucket> {
        let Keys { right_by_address, by_address, by_account_and_address, by_account, .. } = &self.keys;
        let right = (is_right != Some(true)).then_some(right_by_address);
        let wrong = [Some(by_address), Some(by_account_and_address), (!self.is_familiar).then_some(by_account)];
        let wrong = wrong.into_iter().filter(|_| is_right != Some(false));
        right.into_iter().chain(wrong.flatten()).cloned().collect()
    }

    /// Whether the password was correct; `None` if it was not compared. A wrong one stays counted as a guess, and so
    /// does one whose caller stopped waiting. `RateLimited` if the account had too many correct ones.
    pub(super) async fn end(&self, is_right: Option<bool>) -> Result<()> {
        let rates = &self.guesses.rates;
        rates.give_back(&self.counted(is_right)).await?;
        if is_right == Some(true) {
            // Only once it is known to be correct; otherwise guesses would use up the owner's logins.
            rates.take_one(self.keys.right_by_account.clone()).await?;
        }
        Ok(())
    }

    /// Somebody has signed in to the account from here. Not earlier, as the first time is in the audit log.
    pub(super) async fn remember_place(self) -> Result<()> {
        match self.is_familiar {
            true => Ok(()),
            false => self.guesses.rates.remember(self.keys.familiar, limits::FAMILIAR).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::error::Error;

    const SECOND: Duration = Duration::from_secs(1);

    fn guesses() -> (Guesses, Clock) {
        let clock = Clock::default();
        let rates = SharedRates::for_tests(&Config::from_lookup(|_| None).expect("the defaults"), &clock);
        (Guesses::new(Arc::new(rates), limits::LOGINS_AN_HOUR), clock)
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// How many of these wrong passwords are compared.
    async fn wrong(guesses: &Guesses, tries: usize, account: &str, address: IpAddr) -> usize {
        let mut compared = 0;
        for _ in 0..tries {
            if let Ok(guess) = guesses.begin(account, address).await {
                guess.end(Some(false)).await.expect("it is counted");
                compared += 1;
            }
        }
        compared
    }

    /// How many of these wrong passwords are compared, with some from each of these addresses.
    async fn wrong_from(guesses: &Guesses, addresses: impl IntoIterator<Item = u8>, account: &str) -> usize {
        let mut compared = 0;
        for last in addresses {
            compared += wrong(guesses, 5, account, address(last)).await;
        }
        compared
    }

    /// A right password.
    async fn right(guesses: &Guesses, account: &str, address: IpAddr) -> Result<()> {
        let guess = guesses.begin(account, address).await?;
        guess.end(Some(true)).await?;
        guess.remember_place().await
    }

    /// How many of these right passwords are accepted.
    async fn logins(guesses: &Guesses, of: impl IntoIterator<Item = (String, IpAddr)>) -> usize {
        let mut accepted = 0;
        for (account, address) in of {
            accepted += usize::from(right(guesses, &account, address).await.is_ok());
        }
        accepted
    }

    #[tokio::test]
    async fn logins_to_an_account_have_a_burst_of_twenty_and_then_six_a_minute() {
        let (guesses, clock) = guesses();
        let to_ada = || (0..100).map(|n| ("ada".to_owned(), address(n)));
        assert_eq!(logins(&guesses, to_ada()).await, 20);
        clock.advance(60 * SECOND);
        assert_eq!(logins(&guesses, to_ada()).await, 6);
        right(&guesses, "bob", address(1)).await.expect("another account");
    }

    #[tokio::test]
    async fn logins_from_an_address_have_a_burst_of_sixty_and_then_thirty_a_minute() {
        let (guesses, clock) = guesses();
        let round = |round: usize| (0..200).map(move |n| (format!("{round} {n}"), address(1)));
        assert_eq!(logins(&guesses, round(1)).await, 60);
        clock.advance(60 * SECOND);
        assert_eq!(logins(&guesses, round(2)).await, 30);
        right(&guesses, "ada", address(2)).await.expect("another address");
    }

    #[tokio::test]
    async fn guesses_do_not_use_up_the_owners_logins() {
        let (guesses, _) = guesses();
        let mut compared = 0;
        for n in 2..=255 {
            compared += wrong(&guesses, 1, "ada", address(n)).await;
        }
        assert_eq!(compared, 100);
        // The owner signs in from an address from which others guess.
        guesses.remember("ada", address(2)).await.expect("it is remembered");
        for _ in 0..20 {
            right(&guesses, "ada", address(2)).await.expect("a login");
        }
    }

    #[tokio::test]
    async fn guesses_at_an_account_from_an_address_have_a_burst_of_five_and_then_one_a_minute() {
        let (guesses, clock) = guesses();
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 5);
        clock.advance(60 * SECOND);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 1);
        assert_eq!(wrong(&guesses, 200, "ada", address(2)).await, 5);
        assert_eq!(wrong(&guesses, 200, "bob", address(1)).await, 5);
    }

    #[tokio::test]
    async fn guesses_from_an_address_have_a_burst_of_twenty_and_then_six_a_minute() {
        let (guesses, clock) = guesses();
        let spray = async |round: usize| {
            let mut compared = 0;
            for n in 0..200 {
                compared += wrong(&guesses, 1, &format!("{round} {n}"), address(1)).await;
            }
            compared
        };
        assert_eq!(spray(1).await, 20);
        clock.advance(60 * SECOND);
        assert_eq!(spray(2).await, 6);
    }

    #[tokio::test]
    async fn an_account_gets_a_hundred_guesses_an_hour_from_all_addresses() {
        let (guesses, clock) = guesses();
        assert_eq!(wrong_from(&guesses, 0..=255, "ada").await, 100);
        clock.advance(3_600 * SECOND);
        assert_eq!(wrong_from(&guesses, 0..=255, "ada").await, 100);
        // Rejected attempts did not count against their addresses.
        assert_eq!(wrong(&guesses, 5, "bob", address(250)).await, 5);
    }

    #[tokio::test]
    async fn guesses_from_elsewhere_do_not_lock_the_owner_out_of_a_familiar_address() {
        let (guesses, clock) = guesses();
        right(&guesses, "ada", address(1)).await.expect("a login");
        assert_eq!(wrong_from(&guesses, 2..=255, "ada").await, 100);
        assert_eq!(wrong(&guesses, 1, "ada", address(0)).await, 0, "not a familiar address");

        right(&guesses, "ada", address(1)).await.expect("a login");
        // A familiar address gets no more guesses, and others get no fewer.
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 5);
        clock.advance(3_600 * SECOND);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 5);
        assert_eq!(wrong_from(&guesses, 2..=255, "ada").await, 100);
    }

    #[tokio::test]
    async fn an_attempt_that_is_not_compared_is_no_guess_and_makes_no_address_familiar() {
        let (guesses, _) = guesses();
        for _ in 0..200 {
            let guess = guesses.begin("ada", address(1)).await.expect("it would be compared");
            guess.end(None).await.expect("it is given back");
        }
        assert_eq!(wrong_from(&guesses, 0..=255, "ada").await, 100);
    }

    #[tokio::test]
    async fn right_passwords_are_no_guesses_but_abandoned_attempts_are() {
        let (guesses, clock) = guesses();
        for _ in 0..100 {
            right(&guesses, "ada", address(1)).await.expect("a login");
            clock.advance(10 * SECOND);
        }
        let mut at_once = Vec::new();
        for _ in 0..200 {
            at_once.extend(guesses.begin("ada", address(1)).await.ok());
        }
        assert_eq!(at_once.len(), 5);
        drop(at_once);
        let refused = guesses.begin("ada", address(1)).await.err().expect("one too many");
        assert!(matches!(refused, Error::RateLimited { retry_after } if retry_after > 59 * SECOND));
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_locks_nobody_out() {
        let (guesses, clock) = guesses();
        clock.set(10 * 24 * 3_600 * 1_000);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 5);
        clock.set(-10 * 24 * 3_600 * 1_000);
        assert_eq!(wrong(&guesses, 200, "ada", address(1)).await, 5);
    }
}
