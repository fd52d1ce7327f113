//! Adding people to a group.

use std::collections::HashSet;

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::group::{self, Group, GroupActor, GroupStep, Stay, StayBound, StepOutcome};
use crate::conversations::joined_event;
use crate::conversations::permission::{ActionPlace, MemberAction, may};
use crate::conversations::system_line::{LineKind, SystemLine};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;

/// Adds people to a group, which any member and keys may do. Those who are already in it are ignored; one unknown or erased
/// person rejects the request with `NotFound`, and so does a direct conversation.
pub async fn add(app: &App, by: GroupActor<'_>, people: Vec<UserId>) -> Result<conversation::Model> {
    let mut seen = HashSet::new();
    let people: Vec<UserId> = people.into_iter().filter(|id| seen.insert(*id)).collect();
    let most = app.config.group_members;
    if people.len() > most {
        return Err(too_many(most));
    }
    if people.len() > limits::MEMBERS_AT_ONCE {
        let message = format!("add at most {} users at once", limits::MEMBERS_AT_ONCE);
        return Err(Error::input("userIds", message));
    }
    group::change(app, by, GroupStep::Add(Additions { people, most })).await
}

/// Who is to be added.
pub(super) struct Additions {
    pub(super) people: Vec<UserId>,
    /// How many may be in the group then.
    most: usize,
}

/// `events` is the number of events that the batch has planned so far.
pub(super) fn plan(
    group: &mut Group,
    own: Option<&Stay>,
    Additions { people, most }: &Additions,
    reachable: &HashSet<UserId>,
    now: Timestamp,
    events: usize,
) -> Result<StepOutcome> {
    if !may(group::standing(own), MemberAction::AddMembers, ActionPlace::of_group(&group.row)) {
        return Err(Error::Forbidden);
    }
    let by = own.map(|own| own.user);
    let new: Vec<UserId> = people.iter().copied().filter(|id| !group.members.contains_key(id)).collect();
    if new.is_empty() {
        return Ok(StepOutcome::default());
    }
    if !new.iter().all(|id| reachable.contains(id)) {
        return Err(Error::NotFound);
    }
    if group.count.is_some_and(|count| count + new.len() > *most) {
        return Err(too_many(*most));
    }
    // The existing members are notified first: new members receive only events after the one by which they joined, so
    // they don't receive this one too.
    let line = SystemLine::about(LineKind::MembersAdded, new.iter().copied());
    let events_so_far = vec![group::updated_event(group.row.id, by)];
    let mut outcome = StepOutcome { events: events_so_far, lines: vec![line], ..StepOutcome::default() };
    group.count = group.count.map(|count| count + new.len());
    for user in new {
        let from = StayBound::Event(events + outcome.events.len());
        let stay = Stay { user, role: Role::Member, from, to: None, joined_at: now };
        outcome.events.push(joined_event(group.row.id, user, by));
        outcome.stays.push(stay.clone());
        group.members.insert(user, stay);
    }
    Ok(outcome)
}

fn too_many(most: usize) -> Error {
    Error::input("userIds", format!("a group has at most {most} members"))
}
