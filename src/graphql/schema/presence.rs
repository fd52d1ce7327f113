//! Who is online.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::Stream;

use crate::graphql::error::Result;
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::users::{User, known_user};

/// A user came online or went offline.
#[derive(SimpleObject)]
pub(super) struct Presence {
    /// The user.
    user: User,
    /// Whether the user is online now.
    online: bool,
    /// When the user last came online or went offline.
    last_seen_at: Option<DateTime>,
}

/// Subscriptions to presence.
#[derive(Default)]
pub(super) struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// The users who are online now, including you: sent on subscribing and then after changes, at most once per
    /// second. It contains the first 1,000 by name; on larger servers use presenceChanged. If `serverInfo.features`
    /// does not contain "directory", it contains only users with whom you share a conversation. Users whom you have blocked
    /// and who have blocked you are never in it.
    async fn online_users(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = Vec<User>>> {
        notify(ctx, Topic::OnlineUsers, async |notification| match notification {
            Notification::Online(online) => {
                Ok(Some(online.users.iter().map(|row| User::new(Arc::clone(row)).with_presence()).collect()))
            }
            Notification::Event(_)
            | Notification::Past(_)
            | Notification::CaughtUp(_)
            | Notification::Reset(..)
            | Notification::Presence(_)
            | Notification::Typing(_) => Ok(None),
        })
        .await
    }

    /// One event for each change, for all users or for up to 200. A user goes offline 10 seconds after their last
    /// device disconnected, so that a reconnect is not a change. If `serverInfo.features` does not contain "directory",
    /// you receive only changes of yourself and of users with whom you share a conversation. A user in a block with you goes
    /// offline for you when it begins. Codes: BAD_USER_INPUT for
    /// more than 200 ids.
    async fn presence_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of the users, up to 200; all users if left out.")] user_ids: Option<Vec<ID>>,
    ) -> Result<impl Stream<Item = Presence>> {
        notify(ctx, Topic::PresenceChanged { user_ids }, async |notification| match notification {
            Notification::Presence(changed) => {
                let user = known_user(ctx, changed.user).await?;
                let lives = !user.is_erased();
                let last_seen_at = changed.last_seen_at.filter(|_| lives).map(DateTime);
                let user = if changed.is_hidden { user.without_presence() } else { user.with_presence() };
                Ok(Some(Presence { user, online: changed.online && lives, last_seen_at }))
            }
            Notification::Event(_)
            | Notification::Past(_)
            | Notification::CaughtUp(_)
            | Notification::Reset(..)
            | Notification::Online(_)
            | Notification::Typing(_) => Ok(None),
        })
        .await
    }
}
