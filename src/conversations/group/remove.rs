//! Removing people from a group.

use crate::app::App;
use crate::conversations::Membership;
use crate::conversations::group::{self, Group, GroupStep, Outcome, Stay, StayBound};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::feed::{Audience, EventKind, NewEvent};
use crate::id::{ConversationId, UserId};

/// Removes a person from a group. The owner may remove anyone, a member only themself. Returns `None` to somebody who
/// removed themself, because they can't see the group any more. If the owner leaves, the oldest member becomes the
/// owner. `Forbidden` if a member removes somebody else; `NotFound` if the person is not in the group, or for a direct
/// conversation.
pub async fn remove(app: &App, member: &Membership, person: UserId) -> Result<Option<conversation::Model>> {
    let group = group::change(app, member, GroupStep::Remove(person)).await?;
    Ok(Some(group).filter(|_| person != member.viewer().user()))
}

/// `events` is the number of events that the batch has planned so far.
pub(super) fn plan(group: &mut Group, own: &Stay, person: UserId, events: usize) -> Result<Outcome> {
    let left = group.members.get(&person).ok_or(Error::NotFound)?;
    if own.role != Role::Owner && own.user != person {
        return Err(Error::Forbidden);
    }
    let left = Stay { to: Some(StayBound::Event(events)), ..left.clone() };
    let was_owner = left.role == Role::Owner;
    group.members.remove(&person);
    let mut outcome = Outcome { stays: vec![left], events: vec![removed_event(group.row.id, person, own.user)] };
    if was_owner && let Some(oldest) = group.members.values_mut().min_by_key(|stay| (stay.from, stay.user)) {
        oldest.role = Role::Owner;
        outcome.stays.push(oldest.clone());
    }
    // The remaining members are notified last, so that the person who left does not receive this event.
    if !group.members.is_empty() {
        outcome.events.push(group::updated_event(group.row.id, own.user));
    }
    Ok(outcome)
}

/// The event for a person who is no longer in a conversation, by what `by` did.
fn removed_event(conversation: ConversationId, user: UserId, by: UserId) -> NewEvent {
    let event = NewEvent::new(EventKind::ConversationRemoved, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: Some(by), ..event }
}
