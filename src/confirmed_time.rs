//! The time of day, as far as it can be trusted. What is deleted because it has expired is gone for good, and a machine's
//! clock can be wrong for a while: set by hand, by a battery that is empty, or by a server of time.

use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::limits;

/// A clock that shows a time only after it has gone evenly for [`limits::CLOCK_CONFIRMED_AFTER`].
#[derive(Debug)]
pub(crate) struct ConfirmedTime {
    clock: Clock,
    /// What expires by it, in the plural, for the log.
    what: &'static str,
    last: Reading,
    /// The uptime since which every reading agreed with the one before it.
    even_since: Duration,
}

/// The two clocks of a machine at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    now: Timestamp,
    uptime: Duration,
}

impl Reading {
    fn of(clock: &Clock) -> Self {
        Self { now: clock.now(), uptime: clock.uptime() }
    }

    /// Whether as much time went by on both clocks, in either direction of the time of day.
    fn agrees_with(self, earlier: Self) -> bool {
        let went_by = self.uptime.saturating_sub(earlier.uptime);
        let expected = earlier.now + went_by;
        self.now.since(expected).max(expected.since(self.now)) <= limits::CLOCK_TOLERANCE
    }
}

impl ConfirmedTime {
    /// Takes the first reading.
    pub(crate) fn new(clock: Clock, what: &'static str) -> Self {
        let last = Reading::of(&clock);
        Self { clock, what, last, even_since: last.uptime }
    }

    /// Takes a reading; `None` if the time of day was set since the last ones, or if they do not go back far enough.
    pub(crate) fn now(&mut self) -> Option<Timestamp> {
        let reading = Reading::of(&self.clock);
        if !reading.agrees_with(self.last) {
            tracing::warn!(
                "the machine's clock was set, or the machine slept: {} are not deleted until it has gone evenly for {:?}",
                self.what,
                limits::CLOCK_CONFIRMED_AFTER
            );
            self.even_since = reading.uptime;
        }
        self.last = reading;
        (reading.uptime - self.even_since >= limits::CLOCK_CONFIRMED_AFTER).then_some(reading.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const TEN_DAYS: i64 = 10 * 24 * 3_600_000;

    #[test]
    fn the_time_is_confirmed_by_two_readings_an_hour_apart() {
        let clock = Clock::default();
        let mut time = ConfirmedTime::new(clock.clone(), "sessions");
        assert_eq!(time.now(), None);
        clock.advance(HOUR / 2);
        assert_eq!(time.now(), None);
        clock.advance(HOUR / 2);
        assert!(time.now().is_some_and(|now| clock.now().since(now) < HOUR));
        clock.advance(100 * HOUR);
        assert!(time.now().is_some());
    }

    #[test]
    fn a_jump_in_either_direction_has_to_last_for_an_hour() {
        for jump in [TEN_DAYS, -TEN_DAYS, 3_600_000, -120_000] {
            let clock = Clock::default();
            let mut time = ConfirmedTime::new(clock.clone(), "sessions");
            clock.advance(HOUR);
            assert!(time.now().is_some());

            clock.set(jump);
            assert_eq!(time.now(), None, "{jump}");
            clock.advance(HOUR / 2);
            assert_eq!(time.now(), None, "{jump}");
            // Half an hour later it is set right: another jump.
            clock.set(-jump);
            clock.advance(HOUR / 2);
            assert_eq!(time.now(), None, "{jump}");

            clock.advance(HOUR);
            assert!(time.now().is_some(), "{jump}");
        }
    }

    #[test]
    fn a_clock_that_is_corrected_a_little_stays_confirmed() {
        let clock = Clock::default();
        let mut time = ConfirmedTime::new(clock.clone(), "sessions");
        for correction in [2_000, -2_000, 30_000] {
            clock.set(correction);
            clock.advance(HOUR);
            assert!(time.now().is_some(), "{correction}");
        }
    }
}
