//! Removing people from a group.

use crate::app::App;
use crate::conversations::group::{self, Group, GroupActor, GroupStep, Stay, StayBound, StepOutcome};
use crate::conversations::permission::{ActionPlace, may_remove};
use crate::conversations::succession::seniority;
use crate::conversations::system_line::{LineKind, SystemLine};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::feed::{Audience, EventKind, NewEvent};
use crate::id::{ConversationId, UserId};

/// Removes a person from a group. The owner and keys may remove anyone, an admin those who are neither, a member only
/// themself. Returns `None` to somebody who removed themself, because they can't see the group any more. If the owner leaves,
/// the oldest admin becomes the owner, or else the oldest member. `Forbidden` to those who may not; `NotFound` if the person
/// is not in the group, or for a direct conversation.
pub async fn remove(app: &App, by: GroupActor<'_>, person: UserId) -> Result<Option<conversation::Model>> {
    let group = group::change(app, by, GroupStep::Remove(person)).await?;
    Ok(Some(group).filter(|_| by.user() != Some(person)))
}

/// `events` is the number of events that the batch has planned so far.
/// `own` is the membership of who asks, unless that is a key.
pub(super) fn plan(group: &mut Group, own: Option<&Stay>, person: UserId, events: usize) -> Result<StepOutcome> {
    let left = group.members.get(&person).ok_or(Error::NotFound)?;
    let leaves = own.is_some_and(|own| own.user == person);
    if !leaves && !may_remove(group::standing(own), left.role, ActionPlace::of_group(&group.row)) {
        return Err(Error::Forbidden);
    }
    let by = own.map(|own| own.user);
    let left = Stay { to: Some(StayBound::Event(events)), ..left.clone() };
    let was_owner = left.role == Role::Owner;
    group.members.remove(&person);
    group.count = group.count.map(|count| count.saturating_sub(1));
    let line = match leaves {
        true => SystemLine::about(LineKind::MemberLeft, [person]),
        false => SystemLine::about(LineKind::MembersRemoved, [person]),
    };
    let mut outcome = StepOutcome {
        stays: vec![left],
        events: vec![removed_event(group.row.id, person, by)],
        lines: vec![line],
        ..StepOutcome::default()
    };
    let in_line = |stay: &Stay| seniority(stay.role, stay.from, stay.user);
    if was_owner && let Some(heir) = group.members.values_mut().min_by_key(|stay| in_line(stay)) {
        heir.role = Role::Owner;
        outcome.stays.push(heir.clone());
    }
    // The remaining members are notified last, so that the person who left does not receive this event.
    if !group.is_empty() {
        outcome.events.push(group::updated_event(group.row.id, by));
    }
    Ok(outcome)
}

/// The event for a person who is no longer in a conversation, by what `by` did.
fn removed_event(conversation: ConversationId, user: UserId, by: Option<UserId>) -> NewEvent {
    let event = NewEvent::new(EventKind::ConversationRemoved, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: by, ..event }
}
