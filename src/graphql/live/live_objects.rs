//! A limit on the objects that all live subscriptions of a user can return, on all their sockets. A subscription is
//! executed again for every event, so a document that is allowed once may not be live a thousand times.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::id::UserId;

/// The objects of the live subscriptions of all users. Clones share them.
#[derive(Clone)]
pub(in crate::graphql) struct LiveObjects {
    limit: usize,
    /// The objects of each user who has any.
    by_user: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// The objects of one live subscription, released on drop.
pub(in crate::graphql) struct LiveObjectsPermit {
    live: LiveObjects,
    user: UserId,
    objects: usize,
}

impl LiveObjects {
    /// A limit of so many objects for each user.
    pub(in crate::graphql) fn new(limit: usize) -> Self {
        Self { limit, by_user: Arc::default() }
    }

    /// Reserves the objects that a subscription can return, as the guard counts them.
    pub(in crate::graphql) fn reserve(&self, user: UserId, objects: usize) -> Result<LiveObjectsPermit> {
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = by_user.get(&user).copied().unwrap_or(0);
        if objects > self.limit.saturating_sub(taken) {
            return Err(Error::TooManyLiveObjects { limit: self.limit, taken, objects });
        }
        by_user.insert(user, taken + objects);
        drop(by_user);
        Ok(LiveObjectsPermit { live: self.clone(), user, objects })
    }
}

impl Drop for LiveObjectsPermit {
    fn drop(&mut self) {
        let mut by_user = self.live.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut taken) = by_user.entry(self.user) {
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
    fn a_user_has_the_whole_budget_and_not_one_object_more() {
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
        assert!(!live.by_user.lock().expect("no panic").contains_key(&ada), "nothing is left of her");
    }

    #[test]
    fn a_subscription_without_objects_is_free() {
        let live = LiveObjects::new(0);
        let free = live.reserve(UserId::new(), 0);
        drop(free.expect("nothing of nothing"));
        assert!(live.by_user.lock().expect("no panic").is_empty());
    }
}
