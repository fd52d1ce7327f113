//! A budget of objects for the live subscriptions of a person, on all their sockets: each is executed again for every
//! event, so a document that may cost a query's worth once may not be live a thousand times.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::id::UserId;

/// The objects of everybody's live subscriptions. Clones share them.
#[derive(Clone)]
pub(in crate::graphql) struct LiveObjects {
    limit: usize,
    /// Of those who have any.
    by_person: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// What a live subscription takes of its person's budget; given back when it is dropped.
pub(in crate::graphql) struct LiveObjectsPermit {
    live: LiveObjects,
    user: UserId,
    objects: usize,
}

impl LiveObjects {
    /// So many objects for each person.
    pub(in crate::graphql) fn new(limit: usize) -> Self {
        Self { limit, by_person: Arc::default() }
    }

    /// Reserves what a subscription can return, as the guard counts it.
    pub(in crate::graphql) fn reserve(&self, user: UserId, objects: usize) -> Result<LiveObjectsPermit> {
        let mut by_person = self.by_person.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_person.get(&user).copied().unwrap_or(0);
        if objects > self.limit.saturating_sub(taken) {
            return Err(Error::TooManyLiveObjects { limit: self.limit, taken, objects });
        }
        by_person.insert(user, taken + objects);
        drop(by_person);
        Ok(LiveObjectsPermit { live: self.clone(), user, objects })
    }
}

impl Drop for LiveObjectsPermit {
    fn drop(&mut self) {
        let mut by_person = self.live.by_person.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut taken) = by_person.entry(self.user) {
            *taken.get_mut() -= self.objects;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_the_whole_budget_and_not_one_object_more() {
        let live = LiveObjects::new(50_000);
        let (ada, bob) = (UserId::new(), UserId::new());
        let mut permits: Vec<_> = (0..4).map(|_| live.reserve(ada, 10_000).expect("within the budget")).collect();
        assert!(live.reserve(ada, 10_001).is_err());
        permits.push(live.reserve(ada, 10_000).expect("all of the budget"));
        assert!(live.reserve(ada, 1).is_err());

        let _others_do_not_matter = live.reserve(bob, 50_000).expect("another person's budget");
        permits.pop();
        permits.push(live.reserve(ada, 9_999).expect("what was given back"));
        assert!(live.reserve(ada, 2).is_err());
        permits.push(live.reserve(ada, 1).expect("the last one"));

        drop(permits);
        assert!(!live.by_person.lock().expect("no panic").contains_key(&ada), "nothing is left of her");
    }

    #[test]
    fn what_does_not_count_costs_nothing() {
        let live = LiveObjects::new(0);
        let free = live.reserve(UserId::new(), 0);
        drop(free.expect("nothing of nothing"));
        assert!(live.by_person.lock().expect("no panic").is_empty());
    }
}
