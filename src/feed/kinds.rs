//! Sets of kinds of events.

use sea_orm::Iterable;

use crate::feed::event::EventKind;

/// A set of kinds of events, for those who want to hear only of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSet(u32);

impl KindSet {
    /// All kinds, also those of later versions.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether it has all kinds.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    /// Whether it has this kind.
    pub fn contains(self, kind: EventKind) -> bool {
        self.0 & bit(kind) != 0
    }

    /// Whether it has no kind.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The kinds that both have.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// A condition of SQL on the column `kind` of the log's row `e`. Kinds are literals there: see the log's statements.
    pub(super) fn condition(self) -> String {
        if self.is_all() {
            return "TRUE".into();
        }
        let kinds: Vec<String> =
            EventKind::iter().filter(|kind| self.contains(*kind)).map(|kind| (kind as i16).to_string()).collect();
        if kinds.is_empty() { "FALSE".into() } else { format!("e.kind IN ({})", kinds.join(", ")) }
    }
}

impl FromIterator<EventKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | bit(kind)))
    }
}

fn bit(kind: EventKind) -> u32 {
    1 << (kind as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_kinds_that_were_put_into_it() {
        let set: KindSet = [EventKind::MessageAdded, EventKind::UserChanged].into_iter().collect();
        assert!(set.contains(EventKind::UserChanged) && !set.contains(EventKind::ReadMarkMoved) && !set.is_all());
        assert_eq!(set.condition(), "e.kind IN (1, 7)");
        assert!(EventKind::iter().all(|kind| KindSet::ALL.contains(kind)));
        let none: KindSet = [].into_iter().collect();
        assert_eq!((none.condition(), KindSet::ALL.condition()), ("FALSE".into(), "TRUE".into()));
    }
}
