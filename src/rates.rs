//! How often somebody may do something: a burst at once, then a steady rate.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::error::{Error, Result};

/// The rate of one kind of thing, counted for each key by itself: the generic cell rate algorithm (ITU-T I.371), which
/// keeps of each key the one moment at which it will have been idle again.
pub struct Rate<K> {
    burst: Duration,
    every: Duration,
    began: Instant,
    /// Nanoseconds since `began` at which the key's bucket is full again. A key that is idle is forgotten, as nothing is
    /// known of it that is not true of a new one.
    full_at: Cache<K, Arc<AtomicU64>>,
}

/// Keys that are remembered. Whoever has more addresses than this gets more tries.
const KEYS: u64 = 100_000;

impl<K: Hash + Eq + Send + Sync + Clone + 'static> Rate<K> {
    /// `burst` at once, and then one each `every`.
    pub fn new(burst: u32, every: Duration) -> Self {
        let burst = every * burst;
        let full_at = Cache::builder().max_capacity(KEYS).time_to_idle(burst.max(Duration::from_secs(1))).build();
        Self { burst, every, began: Instant::now(), full_at }
    }

    /// Counts one, or says when it is worth another try.
    pub fn take(&self, key: &K) -> Result<()> {
        self.take_at(key, self.began.elapsed())
    }

    /// Counts nothing, but says whether one more would be too many.
    pub fn check(&self, key: &K) -> Result<()> {
        let now = self.began.elapsed();
        let full_at = self.full_at.get(key).map_or(0, |full_at| full_at.load(Ordering::Relaxed));
        self.next(full_at, now).map(|_| ())
    }

    fn take_at(&self, key: &K, now: Duration) -> Result<()> {
        let full_at = self.full_at.get_with_by_ref(key, Arc::default);
        let mut seen = full_at.load(Ordering::Relaxed);
        loop {
            let next = self.next(seen, now)?;
            match full_at.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }

    /// When the bucket is full again after one more.
    fn next(&self, full_at: u64, now: Duration) -> Result<u64> {
        let next = Duration::from_nanos(full_at).max(now) + self.every;
        match next.checked_sub(self.burst + now) {
            Some(retry_after) if !retry_after.is_zero() => Err(Error::RateLimited { retry_after }),
            Some(_) | None => Ok(u64::try_from(next.as_nanos()).unwrap_or(u64::MAX)),
        }
    }
}

/// What addresses are counted by: the whole of an IPv4 address, and of an IPv6 address the network that one customer gets,
/// a /64 (RFC 6177).
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn retry_after(outcome: Result<()>) -> Duration {
        match outcome {
            Err(Error::RateLimited { retry_after }) => retry_after,
            other => panic!("not limited: {other:?}"),
        }
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let rate = Rate::new(5, SECOND);
        for _ in 0..5 {
            rate.take_at(&1, 100 * SECOND).expect("within the burst");
        }
        assert_eq!(retry_after(rate.take_at(&1, 100 * SECOND)), SECOND);
        assert_eq!(retry_after(rate.take_at(&1, 100 * SECOND + SECOND / 4)), SECOND * 3 / 4);
        rate.take_at(&1, 101 * SECOND).expect("one more after a second");
        assert_eq!(retry_after(rate.take_at(&1, 101 * SECOND)), SECOND);
        rate.take_at(&2, 101 * SECOND).expect("another key");
    }

    #[test]
    fn a_check_counts_nothing() {
        let rate = Rate::new(1, SECOND * 1000);
        for _ in 0..3 {
            rate.check(&1).expect("nothing was taken");
        }
        rate.take(&1).expect("the first");
        rate.check(&1).expect_err("the second would be too many");
    }

    #[test]
    fn a_customer_is_one_however_many_addresses_they_have() {
        let parse = |text: &str| neighbourhood(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8:1:2:3:4:5:6"), parse("2001:db8:1:2::1"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }
}
