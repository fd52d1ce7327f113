//! Memberships of a group while changes of it are planned.

use crate::clock::Timestamp;
use crate::conversations::permission::Standing;
use crate::entity::conversation;
use crate::entity::membership::{self, Role};
use crate::feed::{self, Position};
use crate::id::UserId;

/// One membership, from joining to leaving.
#[derive(Clone)]
pub(super) struct Stay {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) from: StayBound,
    pub(super) to: Option<StayBound>,
    pub(super) joined_at: Timestamp,
}

/// The point in the feed at which a stay begins or ends. Known positions sort before events of the batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StayBound {
    /// A known position.
    At(Position),
    /// The index of an event of this batch. Its position is assigned after planning.
    Event(usize),
}

impl Stay {
    pub(super) fn known(row: &membership::Model) -> Self {
        let from = StayBound::At(row.from_position);
        Self { user: row.user_id, role: row.role, from, to: None, joined_at: row.joined_at }
    }

    /// The row to write; `first` is the position of the batch's first event. A new member starts with everything read.
    /// The upsert leaves the rest of an existing one alone.
    pub(super) fn into_row(self, group: &conversation::Model, first: Position) -> membership::Model {
        let position = |bound| match bound {
            StayBound::At(position) => position,
            StayBound::Event(event) => first + feed::positions(event),
        };
        membership::Model {
            to_position: self.to.map(position),
            role: self.role,
            ..membership::Model::new((group.id, self.user), position(self.from), group.last_seq, self.joined_at)
        }
    }
}

/// As what somebody acts whose membership this is; a key has none.
pub(super) fn standing(own: Option<&Stay>) -> Standing {
    own.map_or(Standing::App, |own| Standing::Member(own.role))
}
