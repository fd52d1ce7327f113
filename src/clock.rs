//! The time of day, as the program reads it: a test can move it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sea_orm::DeriveValueType;
use time::OffsetDateTime;
use time::macros::format_description;
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

impl Timestamp {
    /// In RFC 3339 format, to the millisecond as the API has it.
    pub fn to_rfc3339(self) -> String {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let moment = OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.0);
        moment.format(form).unwrap_or_default()
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

/// The time of day, and how long the program has run. Clones share how far they were moved.
#[derive(Clone, Debug)]
pub struct Clock {
    moved: Arc<watch::Sender<Moved>>,
    began: Instant,
}

/// How far a clock was moved, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    /// Time that went by.
    advanced: i64,
    /// What the time of day alone was set by.
    set: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { moved: Arc::new(watch::Sender::new(Moved::default())), began: instant() }
    }
}

impl Clock {
    /// The machine's time, plus what this clock was moved by.
    #[expect(clippy::disallowed_methods, reason = "this module is its home")]
    pub fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        let Moved { advanced, set } = *self.moved.borrow();
        Timestamp(now + advanced + set)
    }

    /// How long it has run. Not moved when the time of day is set, only by [`advance`](Self::advance).
    pub fn uptime(&self) -> Duration {
        let advanced = u64::try_from(self.moved.borrow().advanced).unwrap_or(0);
        self.began.elapsed() + Duration::from_millis(advanced)
    }

    /// Lets time go by, for this clock and its clones.
    pub fn advance(&self, by: Duration) {
        self.moved.send_modify(|moved| moved.advanced += i64::try_from(by.as_millis()).unwrap_or(0));
    }

    /// Sets the time of day by so many milliseconds forward, or back, as somebody can set the machine's.
    pub fn set(&self, by: i64) {
        self.moved.send_modify(|moved| moved.set += by);
    }

    /// Waits until the clock shows this time.
    pub async fn sleep_until(&self, time: Timestamp) {
        let mut moves = self.moved.subscribe();
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

    /// Waits for so long by [`uptime`](Self::uptime), whatever the time of day is set to meanwhile.
    pub async fn sleep(&self, length: Duration) {
        let mut moves = self.moved.subscribe();
        let end = self.uptime() + length;
        while let Some(left) = end.checked_sub(self.uptime()).filter(|left| !left.is_zero()) {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = moves.changed() => {}
            }
        }
    }
}
