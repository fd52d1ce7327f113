//! Which kinds of events a subscription delivers, and how its cursor advances past the others.
//!
//! The edge skips events of other kinds without waking the subscription's task, except for the first one after something
//! was delivered, from which a minute is counted, and the last one that may be skipped in a row.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::feed::{EventKind, KindSet};
use crate::limits;

/// The kinds of one subscription.
#[derive(Debug)]
pub(super) struct KindFilter {
    kinds: KindSet,
    /// Events that were skipped since the client got a cursor.
    skipped: AtomicU64,
}

impl KindFilter {
    pub(super) fn new(kinds: KindSet) -> Self {
        Self { kinds, skipped: AtomicU64::new(0) }
    }

    /// Whether events of a kind are delivered.
    pub(super) fn delivers(&self, kind: EventKind) -> bool {
        self.kinds.contains(kind)
    }

    /// For the edge: skips an event, or leaves it to the task.
    pub(super) fn skip_at_edge(&self) -> bool {
        let skipped = self.skipped.load(Ordering::Relaxed);
        let skips = skipped > 0 && skipped + 1 < limits::KINDS_PASSED;
        if skips {
            self.skipped.store(skipped + 1, Ordering::Relaxed);
        }
        skips
    }

    /// For the task: skips an event. Whether the client has to get a cursor now.
    pub(super) fn skip(&self) -> bool {
        self.skipped.fetch_add(1, Ordering::Relaxed) + 1 >= limits::KINDS_PASSED
    }

    /// Whether events were skipped since the client got a cursor.
    pub(super) fn has_skipped(&self) -> bool {
        self.skipped.load(Ordering::Relaxed) > 0
    }

    /// The client got a cursor.
    pub(super) fn passed(&self) {
        self.skipped.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_takes_the_first_and_the_last_event_that_are_skipped_in_a_row() {
        let filter = KindFilter::new([EventKind::MessageAdded].into_iter().collect());
        assert!(filter.delivers(EventKind::MessageAdded) && !filter.delivers(EventKind::UserChanged));
        assert!(!filter.skip_at_edge() && !filter.skip() && filter.has_skipped());
        for _ in 2..limits::KINDS_PASSED {
            assert!(filter.skip_at_edge());
        }
        assert!(!filter.skip_at_edge() && filter.skip());

        filter.passed();

        assert!(!filter.has_skipped() && !filter.skip_at_edge());
    }
}
