//! The list of everybody who is online, made once for all who look at it.

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::time::Instant;

use crate::entity::user;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use crate::presence::Presence;
use crate::slot::Slot;

/// Everybody who was online at a moment.
#[derive(Debug)]
pub struct Online {
    version: u64,
    read: Instant,
    /// By name, the first 1,000.
    pub users: Vec<Arc<user::Model>>,
    /// What is made of this once for everybody.
    pub shared: Slot,
}

/// Somebody who looks at the list as it changes.
pub struct Watcher {
    presence: Presence,
    shown: Option<(u64, Instant)>,
}

impl Presence {
    /// Begins to look at who is online.
    pub fn watch(&self) -> Watcher {
        Watcher { presence: self.clone(), shown: None }
    }

    async fn online(&self) -> Result<Arc<Online>> {
        // Whoever comes while the list is read waits for it, and takes it.
        let mut newest = self.newest.lock().await;
        let version = *self.version.borrow();
        // Names change without anybody coming or going, so it is not kept for longer than a list stands.
        let is_true =
            |online: &&Arc<Online>| online.version == version && online.read.elapsed() < limits::ONLINE_USERS_PACE;
        if let Some(online) = newest.as_ref().filter(is_true) {
            return Ok(Arc::clone(online));
        }
        let read = Instant::now();
        let ids: Vec<UserId> = {
            let state = self.lock();
            state.sockets.keys().chain(state.leaving.keys()).copied().collect()
        };
        let mut users = Vec::with_capacity(ids.len().min(limits::ONLINE_USERS));
        // A statement takes about 32,000 values.
        for ids in ids.chunks(30_000) {
            let rows = user::Entity::find()
                .filter(user::Column::Id.is_in(ids.iter().copied()))
                .filter(user::Column::DeletedAt.is_null())
                .order_by_asc(user::Column::NameKey)
                .order_by_asc(user::Column::Id)
                .limit(limits::ONLINE_USERS as u64)
                .all(&self.app.db.reader)
                .await?;
            users.extend(rows.into_iter().map(Arc::new));
        }
        users.sort_by(|one, other| (&one.name_key, one.id).cmp(&(&other.name_key, other.id)));
        users.truncate(limits::ONLINE_USERS);
        let online = Arc::new(Online { version, read, users, shared: Slot::default() });
        *newest = Some(Arc::clone(&online));
        Ok(online)
    }
}

impl Watcher {
    /// The list: at once the first time, then when it has changed, at most once a second. A list that was not
    /// fetched is not kept: the next one is in its place.
    pub async fn next(&mut self) -> Result<Arc<Online>> {
        if let Some((version, at)) = self.shown {
            let mut versions = self.presence.version.subscribe();
            // The sender lives as long as the presence that is held here.
            let _ = versions.wait_for(|now| *now != version).await;
            tokio::time::sleep_until(at + limits::ONLINE_USERS_PACE).await;
        }
        let online = Box::pin(self.presence.online()).await?;
        self.shown = Some((online.version, Instant::now()));
        Ok(online)
    }
}
