//! Takes people out of a group.

use crate::app::App;
use crate::conversations::Membership;
use crate::conversations::group::{self, Group, Outcome, Stay, StayEdge, Step};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::feed::{Audience, Kind, NewEvent};
use crate::id::{ConversationId, UserId};

/// Takes a person out of a group: the owner anyone, a member themself, and then there is nothing left for them to see:
/// `None`. The oldest member follows an owner who leaves. Somebody else's removal by a member is `Forbidden`; that of a
/// person who is not in it, or of anybody from a direct conversation, is `NotFound`.
pub async fn remove(app: &App, member: &Membership, person: UserId) -> Result<Option<conversation::Model>> {
    let group = group::change(app, member, Step::Remove(person)).await?;
    Ok(Some(group).filter(|_| person != member.user()))
}

/// `events` is how many the batch has before.
pub(super) fn plan(group: &mut Group, own: &Stay, person: UserId, events: usize) -> Result<Outcome> {
    let left = group.members.get(&person).ok_or(Error::NotFound)?;
    if own.role != Role::Owner && own.user != person {
        return Err(Error::Forbidden);
    }
    let left = Stay { to: Some(StayEdge::Event(events)), ..left.clone() };
    let was_owner = left.role == Role::Owner;
    group.members.remove(&person);
    let mut outcome = Outcome { stays: vec![left], events: vec![removed(group.row.id, person)] };
    if was_owner && let Some(oldest) = group.members.values_mut().min_by_key(|stay| (stay.from, stay.user)) {
        oldest.role = Role::Owner;
        outcome.stays.push(oldest.clone());
    }
    // Those who stay, by when the one who leaves hears nothing any more.
    if !group.members.is_empty() {
        outcome.events.push(group::updated(group.row.id));
    }
    Ok(outcome)
}

/// Tells a person that they are no longer in a conversation.
fn removed(conversation: ConversationId, user: UserId) -> NewEvent {
    let told = NewEvent::new(Kind::ConversationRemoved, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: Some(user), ..told }
}
