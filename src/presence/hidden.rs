//! Who is hidden from whom by a block.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::accounts::Viewer;
use crate::clock;
use crate::directory;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use crate::presence::{Online, PresenceChange, PresenceTracker};
use crate::shared_cell::SharedCell;

/// Whether somebody is one of the two.
pub(super) fn has((one, other): (UserId, UserId), person: UserId) -> bool {
    one == person || other == person
}

impl PresenceTracker {
    /// Shows two people to each other as offline when one has blocked the other, and as they are when that has ended.
    pub(super) async fn block_changed(&self, one: UserId, other: UserId) {
        // It fails if nobody subscribes, which is fine.
        let _ = self.blocks.send((one, other));
        for (viewer, user) in [(one, other), (other, one)] {
            match self.seen_by(viewer, user).await {
                Ok(Some(change)) => drop(self.changes.send(Arc::new(change))),
                Ok(None) => {}
                Err(error) => tracing::debug!(error = %error, "a block was not shown at once: {error}"),
            }
        }
    }

    /// What changes for a viewer who sees, or saw, somebody online.
    async fn seen_by(&self, viewer: UserId, user: UserId) -> Result<Option<PresenceChange>> {
        if !self.is_online(user) {
            return Ok(None);
        }
        let app = &self.app;
        if !directory::is_open(app) && !directory::contacts(app, user).await?.contains(&viewer) {
            return Ok(None);
        }
        let is_hidden = !directory::blocked_among(&app.db.reader, viewer, &[user]).await?.is_empty();
        let last = self.lock().changed.get(&user).map(|last| last.at);
        Ok(Some(PresenceChange {
            user,
            online: !is_hidden,
            last_seen_at: last.filter(|_| !is_hidden),
            is_hidden,
            only_for: Some(viewer),
            audience: OnceCell::new(),
            hidden_from: OnceCell::new(),
            shared: SharedCell::default(),
        }))
    }
}

/// The people who are hidden from a viewer, as a list of everybody needs them.
pub(super) struct Hidden {
    presence: PresenceTracker,
    viewer: UserId,
    blocks: broadcast::Receiver<(UserId, UserId)>,
    /// Who they are, and when that was read.
    people: Option<(HashSet<UserId>, Instant)>,
}

impl Hidden {
    pub(super) fn new(presence: PresenceTracker, viewer: &Viewer) -> Self {
        let blocks = presence.blocks.subscribe();
        Self { presence, viewer: viewer.user(), blocks, people: None }
    }

    /// Waits until they may be others.
    pub(super) async fn changed(&mut self) {
        loop {
            match self.blocks.recv().await {
                Ok(pair) if !has(pair, self.viewer) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    self.people = None;
                    return;
                }
                // The program is shutting down and closes its sockets.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// A list without them: the shared one, if none of them is in it.
    pub(super) async fn removed_from(&mut self, online: Arc<Online>) -> Result<Arc<Online>> {
        let hidden = match self.people.take() {
            Some((people, read)) if read.elapsed() < limits::BLOCKS_FRESH => (people, read),
            Some(_) | None => {
                let read = clock::instant();
                (directory::in_blocks_with(&self.presence.app, self.viewer).await?, read)
            }
        };
        let (people, _) = self.people.insert(hidden);
        if people.is_empty() || !online.users.iter().any(|user| people.contains(&user.id)) {
            return Ok(online);
        }
        Ok(Arc::new(online.without(people)))
    }
}
