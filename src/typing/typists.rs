//! Who types where, and since when it was not said again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::entity::conversation::DirectPair;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::shared_cell::SharedCell;
use crate::typing::Changed;

type Place = (ConversationId, UserId);

/// Those who type, as it was told, and the clock's uptime when each said so last.
#[derive(Default)]
pub(super) struct Typists(HashMap<Place, (Arc<Changed>, Duration)>);

impl Typists {
    /// Somebody types; what to tell of it. Nothing where it was told already, or where there is no place for one more:
    /// they are told of when they say so again.
    pub(super) fn begin(&mut self, place: Place, pair: Option<DirectPair>, at: Duration) -> Option<Arc<Changed>> {
        if let Some((_, since)) = self.0.get_mut(&place) {
            *since = at;
            return None;
        }
        if self.0.len() >= limits::TYPISTS {
            tracing::debug!("somebody types whom there is no place to remember");
            return None;
        }
        let began = changed(place, pair, true);
        self.0.insert(place, (Arc::clone(&began), at));
        Some(began)
    }

    /// Somebody types no more; what to tell of it, where anybody was told that they do.
    pub(super) fn end(&mut self, place: Place) -> Option<Arc<Changed>> {
        let (began, _) = self.0.remove(&place)?;
        Some(changed(place, began.direct_pair.clone(), false))
    }

    /// Where somebody has not said for a while that they type.
    pub(super) fn over(&self, now: Duration) -> Vec<Place> {
        let is_over = |since: &Duration| now.saturating_sub(*since) >= limits::TYPING;
        self.0.iter().filter(|(_, (_, since))| is_over(since)).map(|(place, _)| *place).collect()
    }

    /// Who types besides one person.
    pub(super) fn others(&self, user: UserId) -> Vec<Arc<Changed>> {
        self.0.values().map(|(began, _)| began).filter(|began| began.user != user).cloned().collect()
    }
}

fn changed((conversation, user): Place, direct_pair: Option<DirectPair>, is_typing: bool) -> Arc<Changed> {
    Arc::new(Changed { user, conversation, direct_pair, is_typing, shared: SharedCell::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(60);

    #[test]
    fn ten_thousand_type_at_once_and_the_next_when_there_is_a_place() {
        let (mut typists, here) = (Typists::default(), ConversationId::new());
        let people: Vec<UserId> = (0..=limits::TYPISTS).map(|_| UserId::new()).collect();
        let (next, places) = people.split_last().expect("people");
        for person in places {
            assert!(typists.begin((here, *person), None, AT).is_some_and(|began| began.user == *person));
        }

        assert!(typists.begin((here, *next), None, AT).is_none());
        assert!(typists.end((here, *next)).is_none(), "nobody was told that they type");
        assert!(typists.end((here, places[0])).is_some_and(|ended| !ended.is_typing));
        assert!(typists.begin((here, *next), None, AT).is_some());
    }

    #[test]
    fn who_types_already_needs_no_other_place() {
        let (mut typists, here) = (Typists::default(), ConversationId::new());
        let people: Vec<UserId> = (0..limits::TYPISTS).map(|_| UserId::new()).collect();
        for at in [AT, 2 * AT] {
            for person in &people {
                assert_eq!(typists.begin((here, *person), None, at).is_some(), at == AT);
            }
        }

        assert!(typists.over(2 * AT + limits::TYPING - Duration::from_millis(1)).is_empty());
        assert_eq!(typists.over(2 * AT + limits::TYPING).len(), people.len());
    }
}
