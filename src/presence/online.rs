//! The list of everybody who is online, made once for all subscribers. A viewer to whom the directory is not open gets
//! a list of their own ([`contacts`](super::contacts)).

use std::collections::HashSet;
use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::time::Instant;

use crate::accounts::Viewer;
use crate::clock;
use crate::config::Directory;
use crate::detached::detached;
use crate::directory;
use crate::entity::user;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use crate::presence::PresenceTracker;
use crate::presence::contacts::ContactsOnline;
use crate::presence::hidden::Hidden;
use crate::shared_cell::SharedCell;

/// The people online at one moment.
#[derive(Debug)]
pub struct Online {
    version: u64,
    read: Instant,
    /// The first 1,000, by name.
    pub users: Vec<Arc<user::Model>>,
    /// Frames for this list, shared by equal subscriptions.
    pub shared: SharedCell,
}

/// Watches the list of people who are online.
pub enum OnlineWatcher {
    /// Everybody.
    Everybody(Box<EverybodyOnline>),
    /// The viewer's contacts.
    Contacts(Box<ContactsOnline>),
}

/// Watches the list of everybody.
pub struct EverybodyOnline {
    presence: PresenceTracker,
    hidden: Hidden,
    shown: Option<(u64, Instant)>,
}

impl PresenceTracker {
    /// How many people are online.
    pub fn online_count(&self) -> usize {
        self.lock().online().len()
    }

    /// Watches who is online, as far as the viewer may see it.
    pub fn watch(&self, viewer: &Viewer) -> OnlineWatcher {
        match directory::open_to(&self.app, viewer) {
            Directory::Open => {
                let hidden = Hidden::new(self.clone(), viewer);
                OnlineWatcher::Everybody(Box::new(EverybodyOnline { presence: self.clone(), hidden, shown: None }))
            }
            Directory::Shared | Directory::Closed => {
                OnlineWatcher::Contacts(Box::new(ContactsOnline::new(self.clone(), viewer.clone())))
            }
        }
    }

    async fn online(&self) -> Result<Arc<Online>> {
        // While one caller reads the list, the others wait for it and share it.
        let mut newest = self.newest.lock().await;
        let version = *self.version.borrow();
        // Names change without a change of presence, so a list is not reused for longer than the interval between two
        // lists.
        let is_true =
            |online: &&Arc<Online>| online.version == version && online.read.elapsed() < limits::ONLINE_USERS_PACE;
        if let Some(online) = newest.as_ref().filter(is_true) {
            return Ok(Arc::clone(online));
        }
        let read = clock::instant();
        let ids = self.lock().online();
        let users = self.rows(&ids).await?;
        let online = Arc::new(Online::new(version, read, users));
        *newest = Some(Arc::clone(&online));
        Ok(online)
    }

    /// The first 1,000 of these people by name, without erased ones.
    pub(super) async fn rows(&self, ids: &[UserId]) -> Result<Vec<Arc<user::Model>>> {
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
        Ok(users)
    }
}

impl Online {
    pub(super) fn new(version: u64, read: Instant, users: Vec<Arc<user::Model>>) -> Self {
        Self { version, read, users, shared: SharedCell::default() }
    }

    /// The list for somebody from whom these people are hidden.
    pub(super) fn without(&self, hidden: &HashSet<UserId>) -> Self {
        let users = self.users.iter().filter(|user| !hidden.contains(&user.id)).cloned().collect();
        Self::new(self.version, self.read, users)
    }
}

impl OnlineWatcher {
    /// The first list at once, then each changed one, at most once a second. A list that is not fetched in time is
    /// replaced by the next.
    pub async fn next(&mut self) -> Result<Arc<Online>> {
        match self {
            Self::Everybody(watcher) => watcher.next().await,
            Self::Contacts(watcher) => watcher.next().await,
        }
    }
}

impl EverybodyOnline {
    async fn next(&mut self) -> Result<Arc<Online>> {
        if let Some((version, at)) = self.shown {
            let mut versions = self.presence.version.subscribe();
            tokio::select! {
                // The sender lives as long as `self.presence`.
                _ = versions.wait_for(|now| *now != version) => {}
                () = self.hidden.changed() => {}
            }
            tokio::time::sleep_until(at + limits::ONLINE_USERS_PACE).await;
        }
        // Others wait for this list, so it must complete even if this caller goes away.
        let presence = self.presence.clone();
        let online = detached(async move { presence.online().await }).await?;
        let online = self.hidden.removed_from(online).await?;
        self.shown = Some((online.version, clock::instant()));
        Ok(online)
    }
}
