//! Who is typing where, and when each signal was last renewed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::entity::conversation::DirectPair;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::shared_cell::SharedCell;
use crate::typing::TypingChange;

pub(super) type TypistKey = (ConversationId, UserId);

/// The published typing signals, and the clock's uptime when each was last renewed.
#[derive(Default)]
pub(super) struct Typists(HashMap<TypistKey, (Arc<TypingChange>, Duration)>);

impl Typists {
    /// Starts or renews a signal. Returns the change to publish: none if it is already published, or if there are too
    /// many typists; the next renewal tries again.
    pub(super) fn begin(
        &mut self,
        key: TypistKey,
        pair: Option<DirectPair>,
        at: Duration,
    ) -> Option<Arc<TypingChange>> {
        if let Some((_, since)) = self.0.get_mut(&key) {
            *since = at;
            return None;
        }
        if self.0.len() >= limits::TYPISTS {
            tracing::debug!("too many people are typing: a signal was dropped");
            return None;
        }
        let began = changed(key, pair, true);
        self.0.insert(key, (Arc::clone(&began), at));
        Some(began)
    }

    /// Ends a signal. Returns the change to publish, if its beginning was published.
    pub(super) fn end(&mut self, key: TypistKey) -> Option<Arc<TypingChange>> {
        let (began, _) = self.0.remove(&key)?;
        Some(changed(key, began.direct_pair.clone(), false))
    }

    /// What would end the signals of a person, which go on.
    pub(super) fn ends_of(&self, user: UserId) -> Vec<Arc<TypingChange>> {
        let own = self.0.iter().filter(|((_, typist), _)| *typist == user);
        own.map(|(key, (began, _))| changed(*key, began.direct_pair.clone(), false)).collect()
    }

    /// The signals that have expired.
    pub(super) fn expired(&self, now: Duration) -> Vec<TypistKey> {
        let is_expired = |since: &Duration| now.saturating_sub(*since) >= limits::TYPING;
        self.0.iter().filter(|(_, (_, since))| is_expired(since)).map(|(key, _)| *key).collect()
    }

    /// The signals of everybody but one person.
    pub(super) fn others(&self, user: UserId) -> Vec<Arc<TypingChange>> {
        self.0.values().map(|(began, _)| began).filter(|began| began.user != user).cloned().collect()
    }
}

fn changed((conversation, user): TypistKey, direct_pair: Option<DirectPair>, is_typing: bool) -> Arc<TypingChange> {
    Arc::new(TypingChange { user, conversation, direct_pair, is_typing, shared: SharedCell::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(60);

    #[test]
    fn ten_thousand_can_type_at_once_and_the_next_when_one_stops() {
        let (mut typists, here) = (Typists::default(), ConversationId::new());
        let people: Vec<UserId> = (0..=limits::TYPISTS).map(|_| UserId::new()).collect();
        let (next, places) = people.split_last().expect("people");
        for person in places {
            assert!(typists.begin((here, *person), None, AT).is_some_and(|began| began.user == *person));
        }

        assert!(typists.begin((here, *next), None, AT).is_none());
        assert!(typists.end((here, *next)).is_none(), "their typing was never published");
        assert!(typists.end((here, places[0])).is_some_and(|ended| !ended.is_typing));
        assert!(typists.begin((here, *next), None, AT).is_some());
    }

    #[test]
    fn a_renewal_needs_no_free_entry() {
        let (mut typists, here) = (Typists::default(), ConversationId::new());
        let people: Vec<UserId> = (0..limits::TYPISTS).map(|_| UserId::new()).collect();
        for at in [AT, 2 * AT] {
            for person in &people {
                assert_eq!(typists.begin((here, *person), None, at).is_some(), at == AT);
            }
        }

        assert!(typists.expired(2 * AT + limits::TYPING - Duration::from_millis(1)).is_empty());
        assert_eq!(typists.expired(2 * AT + limits::TYPING).len(), people.len());
    }
}
