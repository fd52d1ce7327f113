//! Limits the bytes of request bodies that the process holds, from when they are read until they are answered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::refusal::HttpRefusal;
use crate::id::UserId;
use crate::limits;
use crate::rates::neighbourhood;

const FULL: &str = "the server holds all the bodies of requests that it has room for: try again later";
const FULL_OF_ONE: &str = "too many large bodies of yours are on their way: try again when they are answered";

/// The bytes that are held, counted by owner.
#[derive(Clone, Debug)]
pub(super) struct BodyBudget {
    is_limited: bool,
    held: Arc<Mutex<HeldBytes>>,
}

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum BodyOwner {
    /// A request that is not signed in, counted by address.
    Visitor(IpAddr),
    Person(UserId),
}

/// The bytes of one body, released when this is dropped.
#[derive(Debug)]
pub(super) struct BodyCharge {
    budget: BodyBudget,
    owner: BodyOwner,
    bytes: usize,
}

#[derive(Debug, Default)]
struct HeldBytes {
    in_all: usize,
    of_visitors: usize,
    by_owner: HashMap<BodyOwner, usize>,
}

impl BodyBudget {
    pub(super) fn new(is_limited: bool) -> Self {
        Self { is_limited, held: Arc::default() }
    }

    /// An empty charge.
    pub(super) fn charge(&self, owner: BodyOwner) -> BodyCharge {
        let owner = match owner {
            BodyOwner::Visitor(address) => BodyOwner::Visitor(neighbourhood(address)),
            BodyOwner::Person(_) => owner,
        };
        BodyCharge { budget: self.clone(), owner, bytes: 0 }
    }

    fn lock(&self) -> MutexGuard<'_, HeldBytes> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyCharge {
    /// Adds bytes, or fails if there is no room for them.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), HttpRefusal> {
        if self.budget.is_limited {
            self.budget.lock().add(self.owner, bytes)?;
            self.bytes += bytes;
        }
        Ok(())
    }
}

impl Drop for BodyCharge {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.lock().remove(self.owner, self.bytes);
        }
    }
}

impl HeldBytes {
    fn add(&mut self, owner: BodyOwner, bytes: usize) -> Result<(), HttpRefusal> {
        let is_visitor = matches!(owner, BodyOwner::Visitor(_));
        let most_of_one = if is_visitor { limits::VISITOR_BODY_BYTES } else { limits::PERSON_BODY_BYTES };
        let of_one = self.by_owner.get(&owner).copied().unwrap_or_default();
        if of_one + bytes > most_of_one {
            return Err(HttpRefusal::overloaded(FULL_OF_ONE));
        }
        let is_full_of_visitors = is_visitor && self.of_visitors + bytes > limits::VISITORS_BODY_BYTES;
        if is_full_of_visitors || self.in_all + bytes > limits::BODIES_BYTES {
            return Err(HttpRefusal::overloaded(FULL));
        }
        self.in_all += bytes;
        self.of_visitors += if is_visitor { bytes } else { 0 };
        self.by_owner.insert(owner, of_one + bytes);
        Ok(())
    }

    fn remove(&mut self, owner: BodyOwner, bytes: usize) {
        self.in_all -= bytes;
        self.of_visitors -= if matches!(owner, BodyOwner::Visitor(_)) { bytes } else { 0 };
        if let Some(of_one) = self.by_owner.get_mut(&owner) {
            *of_one -= bytes;
            if *of_one == 0 {
                self.by_owner.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: usize = limits::BODY_BYTES;

    /// Charges bodies of the largest size until one is refused.
    fn fill(budget: &BodyBudget, owner: BodyOwner) -> Vec<BodyCharge> {
        let charges = (0..1_000).map_while(|_| {
            let mut charge = budget.charge(owner);
            charge.grow(LARGEST).is_ok().then_some(charge)
        });
        charges.collect()
    }

    fn visitor(number: u8) -> BodyOwner {
        BodyOwner::Visitor([192, 0, 2, number].into())
    }

    fn person() -> BodyOwner {
        BodyOwner::Person(UserId::new())
    }

    #[test]
    fn visitors_take_no_room_from_each_other_and_from_people() {
        let budget = BodyBudget::new(true);
        let of_one = fill(&budget, visitor(1));
        assert_eq!(of_one.len(), limits::VISITOR_BODY_BYTES / LARGEST);
        let of_others: Vec<_> = (2..100).flat_map(|number| fill(&budget, visitor(number))).collect();
        assert_eq!(of_one.len() + of_others.len(), limits::VISITORS_BODY_BYTES / LARGEST);

        let of_a_person = fill(&budget, person());
        assert_eq!(of_a_person.len(), limits::PERSON_BODY_BYTES / LARGEST);
        let of_people: Vec<_> = (0..100).flat_map(|_| fill(&budget, person())).collect();
        let in_all = of_one.len() + of_others.len() + of_a_person.len() + of_people.len();
        assert_eq!(in_all, limits::BODIES_BYTES / LARGEST);

        drop((of_one, of_others, of_a_person, of_people));
        let held = budget.lock();
        assert!(held.in_all == 0 && held.of_visitors == 0 && held.by_owner.is_empty());
    }

    #[test]
    fn refused_bytes_are_not_counted() {
        let budget = BodyBudget::new(true);
        let mut charge = budget.charge(visitor(1));
        charge.grow(limits::VISITOR_BODY_BYTES - 1).expect("within the share");
        charge.grow(2).expect_err("past the share");
        charge.grow(1).expect("just the share");
        drop(charge);
        assert!(budget.lock().by_owner.is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_visitor_and_without_limits_everything_is_accepted() {
        let of = |text: &str| BodyOwner::Visitor(text.parse().expect("an address"));
        let budget = BodyBudget::new(true);
        let _held = fill(&budget, of("2001:db8:1:2::1"));
        assert_eq!(fill(&budget, of("2001:db8:1:2::2")).len(), 0);
        assert_eq!(fill(&BodyBudget::new(false), visitor(1)).len(), 1_000);
    }
}
