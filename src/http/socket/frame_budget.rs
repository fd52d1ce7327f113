//! How many frames a client may send: a token bucket with a burst and a sustained rate.

use tokio::time::Instant;

use crate::limits;

/// The frames that a client may send now.
pub(super) struct FrameBudget {
    frames: f64,
    filled: Instant,
}

impl FrameBudget {
    /// A full bucket.
    pub(super) fn new(now: Instant) -> Self {
        Self { frames: limits::INBOUND_BURST.into(), filled: now }
    }

    /// Takes frames out of the bucket; `false` when it did not hold as many.
    pub(super) fn take(&mut self, frames: u32, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * f64::from(limits::INBOUND_RATE);
        self.frames = (self.frames + gained).min(limits::INBOUND_BURST.into());
        self.filled = now;
        self.frames -= f64::from(frames);
        self.frames >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_a_sustained_rate() {
        let start = Instant::now();
        let mut budget = FrameBudget::new(start);
        assert!((0..limits::INBOUND_BURST).all(|_| budget.take(1, start)));
        assert!(!budget.take(1, start));
        let mut budget = FrameBudget::new(start);
        let gap = Duration::from_secs(1) / limits::INBOUND_RATE;
        assert!((0..10_000).all(|frame| budget.take(1, start + gap * frame)));
    }

    #[test]
    fn frames_that_arrive_together_count_one_by_one() {
        let start = Instant::now();
        let mut budget = FrameBudget::new(start);
        assert!(budget.take(limits::INBOUND_BURST, start));
        assert!(!budget.take(1, start));
        assert!(!FrameBudget::new(start).take(limits::INBOUND_BURST + 1, start));
    }
}
