//! Counts how often the event that comes next could not be resolved, by the rule of subscriptions: one that fails each time
//! is skipped with `FeedReset`, as whoever waits for the events behind it would wait for ever.

use std::collections::HashMap;

use crate::feed::Position;

/// The tries of one event, which are forgotten when another one fails. Also when the worker ends: the next one begins anew.
#[derive(Debug, Default)]
pub(super) struct UnresolvedTries {
    at: Position,
    /// By how many of a kind there may be: there are two kinds of failures.
    tries: HashMap<u32, u32>,
}

impl UnresolvedTries {
    /// Counts a try that failed. `true` if it was the last one of so many.
    pub(super) fn fails_for_good(&mut self, at: Position, most: u32) -> bool {
        if self.at != at {
            *self = Self { at, tries: HashMap::new() };
        }
        let tries = self.tries.entry(most).or_default();
        *tries += 1;
        *tries >= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    /// The number of the try after which the event is skipped.
    fn skipped_after(tries: &mut UnresolvedTries, at: Position, most: u32) -> u32 {
        (1..).find(|_| tries.fails_for_good(at, most)).expect("it is skipped at some time")
    }

    #[test]
    fn an_event_is_skipped_after_as_many_tries_as_over_a_socket() {
        for most in [limits::EVENT_TRIES, limits::BUSY_EVENT_TRIES] {
            assert_eq!(skipped_after(&mut UnresolvedTries::default(), 7, most), most);
        }
    }

    #[test]
    fn tries_of_another_event_or_kind_do_not_count() {
        let (mut tries, failed, busy) = (UnresolvedTries::default(), limits::EVENT_TRIES, limits::BUSY_EVENT_TRIES);
        for _ in 1..failed {
            assert!(!tries.fails_for_good(7, failed));
        }
        assert!(!tries.fails_for_good(7, busy), "it was slow once");
        assert!(tries.fails_for_good(7, failed));

        for _ in 1..busy {
            assert!(!tries.fails_for_good(8, busy));
        }
        assert_eq!(skipped_after(&mut tries, 9, busy), busy, "the next event begins anew");
    }
}
