//! The roles of a group's members.

use crate::app::App;
use crate::conversations::Membership;
use crate::conversations::group::{self, Group, GroupActor, GroupStep, Stay, StepOutcome};
use crate::conversations::permission::{ActionPlace, MemberAction, may};
use crate::conversations::system_line::{LineKind, SystemLine};
use crate::entity::membership::Role;
use crate::error::{Error, Result};
use crate::id::UserId;

/// Gives a member another role, which the owner may: `Forbidden`. Who makes somebody else the owner becomes an admin, and
/// there is no other way to stop being the owner: `Forbidden`. `NotFound` if the person is not in the group, or for a direct
/// conversation.
pub async fn set_role(app: &App, by: &Membership, person: UserId, role: Role) -> Result<()> {
    group::change(app, GroupActor::Member(by), GroupStep::SetRole(person, role)).await.map(drop)
}

/// `own` is the membership of who asks, unless that is a key.
pub(super) fn plan(group: &mut Group, own: Option<&Stay>, person: UserId, role: Role) -> Result<StepOutcome> {
    if !may(group::standing(own), MemberAction::SetRoles, ActionPlace::of_group(&group.row)) {
        return Err(Error::Forbidden);
    }
    let before = group.members.get(&person).ok_or(Error::NotFound)?.role;
    if before == role {
        return Ok(StepOutcome::default());
    }
    if before == Role::Owner {
        return Err(Error::Forbidden);
    }
    let mut outcome = StepOutcome::default();
    let changes = |stay: &&mut Stay| stay.user == person || (role == Role::Owner && stay.role == Role::Owner);
    for stay in group.members.values_mut().filter(changes) {
        stay.role = if stay.user == person { role } else { Role::Admin };
        outcome.stays.push(stay.clone());
    }
    outcome.events.push(group::updated_event(group.row.id, own.map(|own| own.user)));
    outcome.lines.push(SystemLine::about(LineKind::RoleChanged, [person]).with_role(role));
    Ok(outcome)
}
