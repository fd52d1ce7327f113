//! Rate limits: a burst, and a sustained rate.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::id::{KeyId, UserId};
use crate::limits::{self, RateLimit};
use crate::{logging, metrics};

/// The rate limits of actions. Those of signing up and in are in `accounts`.
pub struct Rates {
    /// Objects that the documents of a signed-in person can return.
    pub objects: Rate<UserId>,
    /// Objects that the documents of visitors can return, by address.
    pub visitor_objects: Rate<IpAddr>,
    /// Messages sent and edited.
    pub send: Rate<UserId>,
    /// Reactions added and removed.
    pub react: Rate<UserId>,
    /// First messages to people with whom the sender has no direct conversation yet.
    pub first_message: DistinctRate<UserId, UserId>,
    /// Changes of a profile.
    pub profile: Rate<UserId>,
    /// Pages of people, and searches for messages.
    pub search: Rate<UserId>,
    /// Searches for an e-mail address, by person.
    pub email_search: Rate<UserId>,
    /// The same, of everybody at one address.
    pub email_search_by_address: Rate<IpAddr>,
    /// Images sent, upload slots, and each time that an image is decoded again.
    pub upload: Rate<UserId>,
    /// Groups created.
    pub new_group: Rate<UserId>,
    /// Members of new groups, and members added to groups.
    pub memberships: Rate<UserId>,
    /// Changes of groups: of their titles and members.
    pub group_change: Rate<UserId>,
    /// Messages pinned and unpinned.
    pub pin: Rate<UserId>,
    /// Changes of one's own side of conversations.
    pub own_side: Rate<UserId>,
    /// Blocks and their ends.
    pub block: Rate<UserId>,
    /// Typing signals.
    pub typing: Rate<UserId>,
    /// Objects that the documents of a key can return.
    pub key_objects: Rate<KeyId>,
    /// People and memberships that a key makes, changes or ends, and messages that it deletes.
    pub key_changes: Rate<KeyId>,
}

impl Rates {
    /// The rates of this program.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let rate = |limit| Rate::new(config, clock, limit);
        let by_address = |limit| Rate::new(config, clock, limit);
        Self {
            objects: rate(limits::OBJECTS),
            visitor_objects: by_address(limits::OBJECTS),
            send: rate(limits::SENDS),
            react: rate(limits::REACTIONS),
            first_message: DistinctRate::new(config, clock, limits::FIRST_MESSAGES),
            profile: rate(limits::PROFILES),
            search: rate(limits::SEARCHES),
            email_search: rate(limits::EMAIL_SEARCHES),
            email_search_by_address: by_address(limits::EMAIL_SEARCHES_PER_ADDRESS),
            upload: rate(limits::UPLOADS),
            new_group: rate(limits::NEW_GROUPS),
            memberships: rate(limits::MEMBERSHIPS),
            group_change: rate(limits::GROUP_CHANGES),
            pin: rate(limits::PIN_CHANGES),
            own_side: rate(limits::OWN_SIDE_CHANGES),
            block: rate(limits::BLOCKS),
            typing: rate(limits::TYPING_SIGNS),
            key_objects: Rate::new(config, clock, limits::KEY_OBJECTS),
            key_changes: Rate::new(config, clock, limits::KEY_CHANGES),
        }
    }
}

/// The rate of one kind of action, counted separately for each key. This is the generic cell rate algorithm (ITU-T
/// I.371), which stores one time for each key: when its bucket will be full again.
pub struct Rate<K> {
    limit: RateLimit,
    is_limited: bool,
    clock: Clock,
    /// Nanoseconds of the clock's uptime at which the key's bucket is full again. An idle key is evicted, as a
    /// new one has the same state.
    full_at: Cache<K, Arc<AtomicU64>>,
}

/// Keys in the cache. An attacker with more addresses than this gets more tries.
const KEYS: u64 = 100_000;

impl<K: Hash + Eq + Send + Sync + Clone + 'static> Rate<K> {
    /// A rate that limits if the settings have rate limits on, and otherwise allows everything.
    pub fn new(config: &Config, clock: &Clock, limit: RateLimit) -> Self {
        let idle = (limit.every * limit.burst).max(Duration::from_secs(1));
        let full_at = Cache::builder().max_capacity(KEYS).time_to_idle(idle).build();
        Self { limit, is_limited: config.rate_limits, clock: clock.clone(), full_at }
    }

    /// Counts one, or fails with the time until the next try.
    pub fn take(&self, key: &K) -> Result<()> {
        self.take_many(key, 1)
    }

    /// Counts all of them, or none and fails with the time until the next try. More than the burst always fails.
    pub fn take_many(&self, key: &K, count: u32) -> Result<()> {
        if !self.is_limited || count == 0 {
            return Ok(());
        }
        let now = self.clock.uptime();
        let full_at = self.full_at.get_with_by_ref(key, Arc::default);
        let mut seen = full_at.load(Ordering::Relaxed);
        loop {
            let next = self.next(seen, now, count)?;
            match full_at.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }

    /// Takes back one that was counted by mistake.
    pub fn give_back(&self, key: &K) {
        if let Some(full_at) = self.full_at.get(key) {
            let every = nanoseconds(self.limit.every);
            let earlier = |full_at: u64| Some(full_at.saturating_sub(every));
            // It can't fail, as `earlier` always returns a value.
            let _ = full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
        }
    }

    /// When the bucket is full again after `count` more.
    fn next(&self, full_at: u64, now: Duration, count: u32) -> Result<u64> {
        let next = Duration::from_nanos(full_at).max(now) + self.limit.every * count;
        match next.checked_sub(self.limit.every * self.limit.burst + now) {
            Some(retry_after) if !retry_after.is_zero() => {
                refused(self.limit.name);
                Err(Error::RateLimited { retry_after })
            }
            Some(_) | None => Ok(nanoseconds(next)),
        }
    }
}

/// A rate that counts the same thing only once within one interval.
pub struct DistinctRate<K, T> {
    rate: Rate<K>,
    counted: Cache<(K, T), ()>,
}

impl<K, T> DistinctRate<K, T>
where
    K: Hash + Eq + Send + Sync + Clone + 'static,
    T: Hash + Eq + Send + Sync + Clone + 'static,
{
    /// A rate that limits if the settings have rate limits on, and otherwise allows everything.
    pub fn new(config: &Config, clock: &Clock, limit: RateLimit) -> Self {
        let counted = Cache::builder().max_capacity(KEYS).time_to_live(limit.every).build();
        Self { rate: Rate::new(config, clock, limit), counted }
    }

    /// Counts a thing if it was not counted within the last interval, or fails with the time until the next try.
    pub fn take(&self, key: &K, thing: &T) -> Result<()> {
        // One at a time for each thing: of two concurrent calls, the second must wait for the result of the first.
        let entry = self.counted.entry((key.clone(), thing.clone()));
        entry.and_try_compute_with(|known| match known {
            Some(_) => Ok(Op::Nop),
            None => self.rate.take(key).map(|()| Op::Put(())),
        })?;
        Ok(())
    }
}

/// Counts and logs that a rate of this name refused something.
pub(crate) fn refused(rate: &'static str) {
    metrics::rate_limited(rate);
    logging::rate_limited(rate, clock::instant());
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The key that addresses are counted by: the whole of an IPv4 address, and the /64 of an IPv6 address, which is what
/// one customer gets (RFC 6177).
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rate(burst: u32, settings: &'static str) -> (Rate<u32>, Clock) {
        let config = Config::from_lookup(|name| (name == "RATE_LIMITS").then(|| settings.to_owned()));
        let clock = Clock::default();
        (
            Rate::new(&config.expect("good settings"), &clock, RateLimit { name: "test", burst, every: SECOND * 100 }),
            clock,
        )
    }

    /// In hundreds of seconds, rounded: the clock runs while the test does.
    fn retry_after(outcome: Result<()>) -> f64 {
        match outcome {
            Err(Error::RateLimited { retry_after }) => (retry_after.as_secs_f64() / 10.0).round() / 10.0,
            other => panic!("not limited: {other:?}"),
        }
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_sustained_rate() {
        let (rate, clock) = rate(5, "on");
        for _ in 0..5 {
            rate.take(&1).expect("within the burst");
        }
        assert_eq!(retry_after(rate.take(&1)), 1.0);
        clock.advance(SECOND * 20);
        assert_eq!(retry_after(rate.take(&1)), 0.8);
        clock.advance(SECOND * 80);
        rate.take(&1).expect("one more after the time of one");
        assert_eq!(retry_after(rate.take(&1)), 1.0);
        rate.take(&2).expect("another key");
        clock.advance(SECOND * 10_000);
        for _ in 0..5 {
            rate.take(&1).expect("a burst again, and no more than that");
        }
        assert_eq!(retry_after(rate.take(&1)), 1.0);
    }

    #[test]
    fn a_permit_that_is_given_back_does_not_count() {
        let (rate, _) = rate(2, "on");
        for _ in 0..10 {
            rate.take(&1).expect("one");
            rate.take(&1).expect("two");
            rate.give_back(&1);
            rate.give_back(&1);
        }
        rate.give_back(&2);
        for _ in 0..2 {
            rate.take(&2).expect("within the burst");
        }
        rate.take(&2).expect_err("nothing was saved up");
    }

    #[test]
    fn take_many_takes_all_or_none() {
        let (rate, clock) = rate(10, "on");
        rate.take_many(&1, 7).expect("within the burst");
        assert_eq!(retry_after(rate.take_many(&1, 5)), 2.0);
        rate.take_many(&1, 3).expect("what was refused was not counted");
        rate.take_many(&1, 0).expect("nothing costs nothing");
        assert_eq!(retry_after(rate.take_many(&1, 4)), 4.0);
        clock.advance(SECOND * 400);
        rate.take_many(&1, 4).expect("after the time of four");
        assert_eq!(retry_after(rate.take(&1)), 1.0);
    }

    #[test]
    fn the_same_thing_is_counted_once() {
        let config = Config::from_lookup(|_| None).expect("the defaults");
        let rate =
            DistinctRate::new(&config, &Clock::default(), RateLimit { name: "test", burst: 3, every: SECOND * 100 });
        for thing in [1, 1, 2, 1, 3, 3, 2, 1] {
            rate.take(&"ada", &thing).expect("three things");
        }
        for _ in 0..3 {
            assert_eq!(retry_after(rate.take(&"ada", &4)), 1.0);
        }
        rate.take(&"ada", &1).expect("it was counted");
        rate.take(&"bob", &4).expect("another key");
    }

    #[test]
    fn without_limits_everything_passes() {
        let (rate, _) = rate(1, "off");
        for _ in 0..100 {
            rate.take(&1).expect("no limit");
        }
    }

    #[test]
    fn all_addresses_of_a_customer_are_one_neighbourhood() {
        let parse = |text: &str| neighbourhood(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8:1:2:3:4:5:6"), parse("2001:db8:1:2::1"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }
}
