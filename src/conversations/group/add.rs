//! Puts people into a group.

use std::collections::HashSet;

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::group::{self, Group, Outcome, Stay, StayEdge, Step};
use crate::conversations::{Membership, joined};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;

/// Puts people into a group, which any member may. Those who are in it are passed over; an unknown or erased person
/// refuses all, and so does a direct conversation: `NotFound`.
pub async fn add(app: &App, member: &Membership, people: Vec<UserId>) -> Result<conversation::Model> {
    let mut seen = HashSet::new();
    let people: Vec<UserId> = people.into_iter().filter(|id| seen.insert(*id)).collect();
    if people.len() > limits::GROUP_MEMBERS {
        return Err(too_many());
    }
    group::change(app, member, Step::Add(people)).await
}

/// `events` is how many the batch has before.
pub(super) fn plan(
    group: &mut Group,
    people: &[UserId],
    reachable: &HashSet<UserId>,
    now: Timestamp,
    events: usize,
) -> Result<Outcome> {
    let new: Vec<UserId> = people.iter().copied().filter(|id| !group.members.contains_key(id)).collect();
    if new.is_empty() {
        return Ok(Outcome::default());
    }
    if !new.iter().all(|id| reachable.contains(id)) {
        return Err(Error::NotFound);
    }
    if group.members.len() + new.len() > limits::GROUP_MEMBERS {
        return Err(too_many());
    }
    // The others are told first, and so the new ones, who hear what comes after they joined, are not told twice.
    let mut outcome = Outcome { stays: Vec::with_capacity(new.len()), events: vec![group::updated(group.row.id)] };
    for user in new {
        let from = StayEdge::Event(events + outcome.events.len());
        let stay = Stay { user, role: Role::Member, from, to: None, joined_at: now };
        outcome.events.push(joined(group.row.id, user));
        outcome.stays.push(stay.clone());
        group.members.insert(user, stay);
    }
    Ok(outcome)
}

fn too_many() -> Error {
    Error::input("userIds", format!("a group has at most {} members", limits::GROUP_MEMBERS))
}
