//! What system lines say.

use async_graphql::resolver_utils::enum_value;
use async_graphql::{Context, Enum, Object};
use futures_util::future::try_join_all;

use crate::conversations::{LineKind, SystemLine};
use crate::entity::message;
use crate::graphql::error::Result;
use crate::graphql::schema::permissions::MemberRole;
use crate::graphql::schema::users::{User, known_user};
use crate::graphql::written::{JsonValue, NotAtOnce, json_fields, serialize};

/// What happened in a conversation. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum SystemKind {
    /// The group was created, with these users beside its owner, and with this title.
    GroupCreated,
    /// These users were added.
    MembersAdded,
    /// This user, who is the sender, left or was erased.
    MemberLeft,
    /// These users were removed.
    MembersRemoved,
    /// The group has a new title.
    TitleChanged,
    /// The group has a new picture, or none any more.
    PictureChanged,
    /// This user has a new role.
    RoleChanged,
    /// A message was pinned: `replyTo` of the line.
    MessagePinned,
}

impl JsonValue for SystemKind {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<LineKind> for SystemKind {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::GroupCreated => Self::GroupCreated,
            LineKind::MembersAdded => Self::MembersAdded,
            LineKind::MemberLeft => Self::MemberLeft,
            LineKind::MembersRemoved => Self::MembersRemoved,
            LineKind::TitleChanged => Self::TitleChanged,
            LineKind::PictureChanged => Self::PictureChanged,
            LineKind::RoleChanged => Self::RoleChanged,
            LineKind::MessagePinned => Self::MessagePinned,
        }
    }
}

/// What a line of a conversation's own says.
pub(super) struct SystemMessage(SystemLine);

impl SystemMessage {
    /// What a message says, if it is such a line.
    pub(super) fn of(row: &message::Model) -> Option<Self> {
        SystemLine::of_message(row).map(Self)
    }
}

/// What a line of a conversation's own says: what happened. The line's sender is who did it; the group's owner where the
/// app's own backend did it with a key.
#[Object]
impl SystemMessage {
    /// What happened.
    async fn kind(&self) -> SystemKind {
        self.0.kind.into()
    }

    /// The users whom it is about; the first 10.
    async fn users(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        try_join_all(self.0.users().map(|id| known_user(ctx, id))).await
    }

    /// How many users it is about.
    async fn user_count(&self) -> usize {
        self.0.user_count
    }

    /// The new title, where it is about one. Null after the user who gave it was erased.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The new role, where it is about one.
    async fn role(&self) -> Option<MemberRole> {
        self.0.role().map(MemberRole::from)
    }
}

json_fields! { SystemMessage { kind, users: User, user_count, title, role } }
