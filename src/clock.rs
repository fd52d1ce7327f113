//! The time of day, as the program reads it: a test can move it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sea_orm::DeriveValueType;
use tokio::sync::watch;
use tokio::time::Instant;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time from `earlier` to this; nothing when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since 1970, as RFC 7519 counts them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// The machine's monotonic time, which no test moves: for timeouts and intervals that tokio's timers measure.
#[expect(clippy::disallowed_methods, reason = "this module is its home")]
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day. Clones share one offset.
#[derive(Clone, Debug)]
pub struct Clock {
    /// How far the time was moved, in milliseconds.
    offset: Arc<watch::Sender<i64>>,
    began: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: Arc::new(watch::Sender::new(0)), began: instant() }
    }
}

impl Clock {
    /// The machine's time plus the offset from [`advance`](Self::advance).
    #[expect(clippy::disallowed_methods, reason = "this module is its home")]
    pub fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        Timestamp(now + *self.offset.borrow())
    }

    /// How long it has run. Not moved when the machine's time is set, only by [`advance`](Self::advance).
    pub fn uptime(&self) -> Duration {
        let moved = u64::try_from(*self.offset.borrow()).unwrap_or(0);
        self.began.elapsed() + Duration::from_millis(moved)
    }

    /// Moves this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        self.offset.send_modify(|offset| *offset += i64::try_from(by.as_millis()).unwrap_or(0));
    }

    /// Waits until the clock shows this time.
    pub async fn sleep_until(&self, time: Timestamp) {
        let mut moves = self.offset.subscribe();
        // The machine's own time may be set while we wait: it is looked at once a minute.
        const LOOK: Duration = Duration::from_secs(60);
        while self.now() < time {
            tokio::select! {
                () = tokio::time::sleep(time.since(self.now()).min(LOOK)) => {}
                // The sender is this clock.
                _ = moves.changed() => {}
            }
        }
    }
}
