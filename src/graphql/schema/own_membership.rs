//! The viewer's own side of a conversation.

use std::sync::Arc;

use async_graphql::resolver_utils::enum_value;
use async_graphql::{Context, Enum, Object};

use crate::conversations::{self, Archived, Membership};
use crate::entity::membership::Notifications;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::look_up;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::permissions::MemberRole;
use crate::graphql::written::{JsonValue, NotAtOnce, json_fields, serialize};

/// Which messages you want to be notified of. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum NotificationLevel {
    /// All.
    All,
    /// Those that call you.
    Mentions,
    /// None.
    None,
}

impl JsonValue for NotificationLevel {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl From<Notifications> for NotificationLevel {
    fn from(level: Notifications) -> Self {
        match level {
            Notifications::All => Self::All,
            Notifications::Mentions => Self::Mentions,
            Notifications::None => Self::None,
        }
    }
}

impl From<NotificationLevel> for Notifications {
    fn from(level: NotificationLevel) -> Self {
        match level {
            NotificationLevel::All => Self::All,
            NotificationLevel::Mentions => Self::Mentions,
            NotificationLevel::None => Self::None,
        }
    }
}

/// Your own side of a conversation, the same on all your devices.
pub(super) struct OwnMembership(Arc<Membership>);

impl OwnMembership {
    /// That of this membership.
    pub(super) fn of(own: Arc<Membership>) -> Self {
        Self(own)
    }
}

/// Your own side of a conversation, the same on all your devices. Only you see it.
#[Object]
impl OwnMembership {
    /// Your role.
    async fn role(&self) -> MemberRole {
        self.0.role().into()
    }

    /// Which messages you want to be notified of. The server only keeps it: clients notify.
    async fn notifications(&self) -> NotificationLevel {
        self.0.row().notifications.into()
    }

    /// Until when you want to be notified of nothing. It may be past.
    async fn muted_until(&self) -> Option<DateTime> {
        self.0.row().muted_until.map(DateTime)
    }

    /// Whether it is in your archive. It comes back by itself with a message that calls you, or any message of a direct
    /// conversation, without a MembershipChanged: MessageAdded says it.
    async fn archived(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(match conversations::archived(&self.0) {
            Archived::No => false,
            Archived::Yes => true,
            Archived::UnlessCalledSince(seq) => {
                look_up(ctx.loaders()?.calls(), (self.0.conversation().id, seq)).await?.unwrap_or(0) == 0
            }
        })
    }

    /// Whether it is one of your favourites.
    async fn favorite(&self) -> bool {
        self.0.row().is_favorite
    }

    /// Whether you have marked it as unread, by hand; gone with the next markRead.
    async fn marked_unread(&self) -> bool {
        self.0.row().is_marked_unread
    }
}

json_fields! { OwnMembership { role, notifications, muted_until, archived, favorite, marked_unread } }
