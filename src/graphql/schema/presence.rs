//! Who is online.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::Stream;

use crate::graphql::error::Result;
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::date_time::DateTime;

/// Somebody came or went.
#[derive(SimpleObject)]
pub struct Presence {
    /// Who.
    user: User,
    /// Whether they are online now.
    online: bool,
    /// When they last came or went.
    last_seen_at: Option<DateTime>,
}

/// Subscriptions to presence.
#[derive(Default)]
pub struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// Who is online now, yourself included: on subscribing, then after changes, at most once a second. The first
    /// 1,000 by name; with more people, use presenceChanged. Where `serverInfo.features` has no "directory", only those
    /// with whom you share a conversation.
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

    /// One event a change, of everybody or of up to 200 people. Somebody goes offline 10 seconds after their last
    /// device went, so that a reconnect is no change. Where `serverInfo.features` has no "directory", only of those with
    /// whom you share a conversation, and of yourself.
    async fn presence_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of whom to hear, up to 200 ids; of everybody when left out.")] user_ids: Option<Vec<ID>>,
    ) -> Result<impl Stream<Item = Presence>> {
        notify(ctx, Topic::PresenceChanged { user_ids }, async |notification| match notification {
            Notification::Presence(changed) => {
                let user = known_user(ctx, changed.user).await?.with_presence();
                let lives = !user.is_erased();
                let last_seen_at = lives.then_some(DateTime(changed.last_seen_at));
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
