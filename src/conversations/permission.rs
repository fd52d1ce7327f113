//! What somebody may do in a conversation: the one place that decides it. [`may`] is asked before every write, by
//! `viewerCan`, and by everything that offers people what they may do.

use crate::entity::conversation::{self, Kind, Posting};
use crate::entity::membership::Role;
use crate::limits;

/// What can be allowed in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberAction {
    /// To write, and to edit what one wrote.
    Send,
    /// To react to messages. To take a reaction back needs no permission.
    React,
    /// To call everybody.
    MentionEveryone,
    /// To pin and unpin messages.
    Pin,
    /// To change title, picture, metadata and posting.
    Update,
    /// To add people.
    AddMembers,
    /// To remove others: whom, says [`may_remove`].
    RemoveMembers,
    /// To change roles.
    SetRoles,
    /// To delete what others wrote.
    DeleteOthersMessages,
}

impl MemberAction {
    /// All of them, in the order in which clients see them.
    pub const ALL: [Self; 9] = [
        Self::Send,
        Self::React,
        Self::MentionEveryone,
        Self::Pin,
        Self::Update,
        Self::AddMembers,
        Self::RemoveMembers,
        Self::SetRoles,
        Self::DeleteOthersMessages,
    ];
}

/// As what somebody acts in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member of it.
    Member(Role),
    /// The app's backend, whose keys have been asked for already.
    App,
}

/// What of a conversation decides who may do what in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionPlace {
    /// What it is.
    pub kind: Kind,
    /// Who may write, if it is a group.
    pub posting: Posting,
    /// How many are in it. `None` if nobody has counted, which allows what many members would.
    pub members: Option<usize>,
    /// Whether its two people can reach each other, if it is a direct one: neither has blocked the other.
    pub is_open: bool,
}

impl ActionPlace {
    /// A conversation whose members nobody has counted. Whether it is open means nothing of a group.
    pub fn of(conversation: &conversation::Model, is_open: bool) -> Self {
        Self { kind: conversation.kind, posting: conversation.posting, members: None, is_open }
    }

    /// Likewise for what nobody may do in a direct conversation anyway.
    pub fn of_group(conversation: &conversation::Model) -> Self {
        Self::of(conversation, false)
    }

    /// With so many members.
    pub fn with_members(self, members: usize) -> Self {
        Self { members: Some(members), ..self }
    }
}

/// Whether somebody may do this here.
pub fn may(actor: Standing, what: MemberAction, here: ActionPlace) -> bool {
    let role = match (actor, here.kind) {
        (Standing::App, Kind::Group) => return true,
        (Standing::App, Kind::Direct) => return what == MemberAction::DeleteOthersMessages,
        (Standing::Member(_), Kind::Direct) => return may_directly(what, here),
        (Standing::Member(role), Kind::Group) => role,
    };
    let leads = match role {
        Role::Owner | Role::Admin => true,
        Role::Member => false,
    };
    let may_send = leads || here.posting == Posting::Everyone;
    match what {
        MemberAction::Send => may_send,
        MemberAction::React => true,
        MemberAction::MentionEveryone => leads || (may_send && here.members.is_some_and(is_small)),
        MemberAction::AddMembers => true,
        MemberAction::Pin | MemberAction::Update | MemberAction::RemoveMembers | MemberAction::DeleteOthersMessages => {
            leads
        }
        MemberAction::SetRoles => role == Role::Owner,
    }
}

/// Between two people who can reach each other, both may do what there is to do.
fn may_directly(what: MemberAction, here: ActionPlace) -> bool {
    match what {
        MemberAction::Send | MemberAction::React | MemberAction::MentionEveryone | MemberAction::Pin => here.is_open,
        MemberAction::Update
        | MemberAction::AddMembers
        | MemberAction::RemoveMembers
        | MemberAction::SetRoles
        | MemberAction::DeleteOthersMessages => false,
    }
}

fn is_small(members: usize) -> bool {
    members <= limits::EVERYONE_CALLS_EVERYONE
}

/// Whether somebody may remove another member, who has this role.
pub fn may_remove(actor: Standing, whom: Role, here: ActionPlace) -> bool {
    may(actor, MemberAction::RemoveMembers, here)
        && match actor {
            Standing::App | Standing::Member(Role::Owner) => true,
            Standing::Member(Role::Admin | Role::Member) => whom == Role::Member,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: ActionPlace =
        ActionPlace { kind: Kind::Group, posting: Posting::Everyone, members: Some(21), is_open: true };

    fn allowed(role: Role, here: ActionPlace) -> Vec<MemberAction> {
        MemberAction::ALL.into_iter().filter(|what| may(Standing::Member(role), *what, here)).collect()
    }

    #[test]
    fn a_role_allows_what_the_one_below_it_does_and_more() {
        use MemberAction::{
            AddMembers, DeleteOthersMessages, MentionEveryone, Pin, React, RemoveMembers, Send, Update,
        };
        assert_eq!(allowed(Role::Owner, GROUP), MemberAction::ALL);
        let of_admins = [Send, React, MentionEveryone, Pin, Update, AddMembers, RemoveMembers, DeleteOthersMessages];
        assert_eq!(allowed(Role::Admin, GROUP), of_admins);
        assert_eq!(allowed(Role::Member, GROUP), [Send, React, AddMembers]);
        assert_eq!(allowed(Role::Member, GROUP.with_members(20)), [Send, React, MentionEveryone, AddMembers]);
        assert_eq!(allowed(Role::Member, ActionPlace { members: None, ..GROUP }), [Send, React, AddMembers]);
    }

    #[test]
    fn in_an_announcement_group_admins_write() {
        let here = ActionPlace { posting: Posting::Admins, members: Some(3), ..GROUP };
        assert_eq!(allowed(Role::Member, here), [MemberAction::React, MemberAction::AddMembers]);
        assert!(may(Standing::Member(Role::Admin), MemberAction::Send, here));
        assert!(may(Standing::Member(Role::Owner), MemberAction::MentionEveryone, here));
    }

    #[test]
    fn two_people_write_react_call_and_pin_while_they_can_reach_each_other() {
        let here = ActionPlace { kind: Kind::Direct, members: None, ..GROUP };
        use MemberAction::{MentionEveryone, Pin, React, Send};
        assert_eq!(allowed(Role::Member, here), [Send, React, MentionEveryone, Pin]);
        assert_eq!(allowed(Role::Member, ActionPlace { is_open: false, ..here }), []);
        assert!(!may(Standing::App, Send, here) && may(Standing::App, MemberAction::DeleteOthersMessages, here));
    }

    #[test]
    fn an_admin_removes_members_and_nobody_above() {
        let removable = |actor| {
            [Role::Owner, Role::Admin, Role::Member].into_iter().filter(move |whom| may_remove(actor, *whom, GROUP))
        };
        assert_eq!(removable(Standing::App).count(), 3);
        assert_eq!(removable(Standing::Member(Role::Owner)).count(), 3);
        assert_eq!(removable(Standing::Member(Role::Admin)).collect::<Vec<_>>(), [Role::Member]);
        assert_eq!(removable(Standing::Member(Role::Member)).count(), 0);
    }
}
