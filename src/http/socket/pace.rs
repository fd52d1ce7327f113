//! How fast a client may send: a bucket of tokens that fills at a steady rate.

use tokio::time::Instant;

use crate::limits;

/// The frames that a client may send now.
pub struct Pace {
    frames: f64,
    filled: Instant,
}

impl Pace {
    /// A full bucket.
    pub fn new(now: Instant) -> Self {
        Self { frames: limits::INBOUND_BURST.into(), filled: now }
    }

    /// Takes one frame out of the bucket; `false` when it is empty.
    pub fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * f64::from(limits::INBOUND_RATE);
        self.frames = (self.frames + gained).min(limits::INBOUND_BURST.into());
        self.filled = now;
        self.frames -= 1.0;
        self.frames >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_a_steady_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!((0..limits::INBOUND_BURST).all(|_| pace.take(start)));
        assert!(!pace.take(start));
        let mut pace = Pace::new(start);
        let gap = Duration::from_secs(1) / limits::INBOUND_RATE;
        assert!((0..10_000).all(|frame| pace.take(start + gap * frame)));
    }
}
