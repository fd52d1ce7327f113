//! What a subscriber received, and what was wrong with it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// What one subscriber received of one conversation, numbered 0, 1, 2 … by its single sender.
#[derive(Default)]
pub struct Book {
    /// Everything below has arrived.
    next: u32,
    /// What arrived beyond a hole.
    ahead: BTreeSet<u32>,
    highest: Option<u32>,
    last_seq: Option<u64>,
}

/// Counts of faults, of one subscriber or of many.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faults {
    /// Acknowledged and never received.
    pub lost: u64,
    pub duplicates: u64,
    /// Received after a later one.
    pub out_of_order: u64,
    /// The server's own `seq` did not go up by one.
    pub seq_breaks: u64,
}

impl Faults {
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicates += other.duplicates;
        self.out_of_order += other.out_of_order;
        self.seq_breaks += other.seq_breaks;
    }

    pub fn put(self, out: &mut Map<String, Value>) {
        let Self { lost, duplicates, out_of_order, seq_breaks } = self;
        for (name, count) in
            [("lost", lost), ("duplicates", duplicates), ("out_of_order", out_of_order), ("seq_breaks", seq_breaks)]
        {
            out.insert(name.into(), json!(count));
        }
    }
}

impl Book {
    /// Notes message `n`; true when it is new.
    pub fn note(&mut self, n: u32, seq: Option<u64>, faults: &mut Faults) -> bool {
        let new = if n == self.next {
            self.next += 1;
            while self.ahead.remove(&self.next) {
                self.next += 1;
            }
            true
        } else {
            n > self.next && self.ahead.insert(n)
        };
        if !new {
            faults.duplicates += 1;
            return false;
        }
        if self.highest.is_some_and(|highest| n < highest) {
            faults.out_of_order += 1;
        }
        self.highest = self.highest.max(Some(n));
        self.note_seq(seq, faults);
        true
    }

    /// The server's own numbers must go up by one; a hole or a step back is a break.
    pub fn note_seq(&mut self, seq: Option<u64>, faults: &mut Faults) {
        if let (Some(seq), Some(last)) = (seq, self.last_seq)
            && seq != last + 1
        {
            faults.seq_breaks += 1;
        }
        self.last_seq = seq.or(self.last_seq);
    }

    fn has(&self, n: u32) -> bool {
        n < self.next || self.ahead.contains(&n)
    }

    /// How many of the acknowledged messages (those below `sent` that are not in `unsure`) are missing.
    pub fn lost(&self, sent: u32, unsure: &[u32]) -> u64 {
        (self.next..sent).filter(|n| !self.has(*n) && !unsure.contains(n)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of six messages, these arrived in this order.
    fn received(numbers: &[u32]) -> Faults {
        let (mut book, mut faults) = (Book::default(), Faults::default());
        for n in numbers {
            book.note(*n, Some(u64::from(*n) + 5), &mut faults);
        }
        Faults { lost: book.lost(6, &[]), ..faults }
    }

    fn faults(lost: u64, duplicates: u64, out_of_order: u64, seq_breaks: u64) -> Faults {
        Faults { lost, duplicates, out_of_order, seq_breaks }
    }

    #[test]
    fn each_fault_is_counted_as_what_it_is() {
        assert_eq!(received(&[0, 1, 2, 3, 4, 5]), faults(0, 0, 0, 0));
        assert_eq!(received(&[0, 1, 3, 4, 5]), faults(1, 0, 0, 1));
        assert_eq!(received(&[0, 1, 1, 2, 3, 4, 5, 0]), faults(0, 2, 0, 0));
        assert_eq!(received(&[0, 2, 1, 3, 4]), faults(1, 0, 1, 3));
        assert_eq!(received(&[]), faults(6, 0, 0, 0));
    }

    #[test]
    fn what_was_never_acknowledged_is_not_lost() {
        let (mut book, mut faults) = (Book::default(), Faults::default());
        for n in [0, 1, 4] {
            book.note(n, None, &mut faults);
        }
        assert_eq!((book.lost(5, &[]), book.lost(5, &[2]), book.lost(3, &[2])), (2, 1, 0));
    }
}
