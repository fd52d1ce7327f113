//! Gives a group another title.

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::group::{self, Group, Outcome, Stay, Step};
use crate::conversations::{Membership, Title};
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::error::{Error, Result};

/// Gives a group another title, which only its owner may: `Forbidden`. The same title changes nothing. A direct
/// conversation has none: `NotFound`.
pub async fn rename(app: &App, member: &Membership, title: Title) -> Result<conversation::Model> {
    group::change(app, member, Step::Rename(title)).await
}

pub(super) fn plan(group: &mut Group, own: &Stay, title: &Title, now: Timestamp) -> Result<Outcome> {
    if own.role != Role::Owner {
        return Err(Error::Forbidden);
    }
    if group.row.title.as_deref() == Some(title.as_str()) {
        return Ok(Outcome::default());
    }
    group.row.title = Some(title.as_str().to_owned());
    group.row.updated_at = now;
    Ok(Outcome { stays: Vec::new(), events: vec![group::updated(group.row.id)] })
}
