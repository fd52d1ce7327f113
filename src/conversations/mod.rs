//! Conversations: their members, and how the viewer finds them.

mod comings;
mod create;
mod direct;
mod for_keys;
mod for_operator;
mod group;
mod list;
mod member_id;
mod membership;
mod own_side;
mod permission;
mod retention_days;
mod succession;
mod system_line;
mod title;

pub use comings::{Named, who_came, who_left};
pub use create::{NewGroup, create, create_by_key, joined_event};
pub use direct::{Directs, can_be_begun, directs_of, have_met};
pub use for_keys::{KeyReader, KeySight, find_by_external_id, find_by_key, seen_by_key};
pub use for_operator::{find_for_operator, members_for_operator, page_for_operator};
pub use group::{GroupActor, GroupUpdate, add, remove, set_role, shows_picture, update, updated_event};
pub use list::{ListedConversation, by_ids, list, most_active};
pub use member_id::{MemberId, find_member};
pub use membership::{
    Members, Membership, Sight, current_rows, find_membership, first_members, has_left, member, member_counts,
    members_after, membership, memberships_of,
};
pub use own_side::{Archived, OwnSideUpdate, archived, membership_event, update_own_side};
pub use permission::{ActionPlace, MemberAction, Standing, may, may_remove};
pub use retention_days::RetentionDays;
pub use succession::hand_on;
pub use system_line::{LineKind, SystemLine};
pub use title::Title;

use crate::id::{ConversationId, UserId};

/// Names a conversation: by its id, or as the direct conversation with a person, which may not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(ConversationId),
    /// The viewer's direct conversation with this person.
    Direct(UserId),
}
