//! The list of those online with whom a viewer shares a conversation: for viewers to whom the directory is not open.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::error::Result;
use crate::feed::{Edge, Event, Follower, Inbox, Kind, Served, Start, Step, Take};
use crate::id::UserId;
use crate::limits;
use crate::presence::{Changed, Online, Presence};

/// Somebody who looks at which of their contacts are online. What they share changes with the feed, so they follow it.
pub struct ContactsOnline {
    presence: Presence,
    viewer: UserId,
    changes: broadcast::Receiver<Arc<Changed>>,
    memberships: Follower,
    /// `None` where it has to be read anew.
    online: Option<HashSet<UserId>>,
    shown: Option<(HashSet<UserId>, Instant)>,
    /// Whether the list may be another one than the one that was shown.
    has_changed: bool,
}

impl ContactsOnline {
    pub(super) fn new(presence: Presence, viewer: UserId) -> Self {
        // Before the contacts are read, so that no change is missed in between.
        let changes = presence.changes();
        let memberships = presence.app.feed.follow(viewer, Start::Now, Some(Arc::new(MembershipEdge)));
        Self { presence, viewer, changes, memberships, online: None, shown: None, has_changed: true }
    }

    pub(super) async fn next(&mut self) -> Result<Arc<Online>> {
        if self.shown.is_none() {
            // The first step says that the feed is followed.
            self.memberships.next().await?;
        }
        loop {
            self.wait_until_due().await?;
            let online = match self.online.take() {
                Some(online) => online,
                None => self.presence.online_contacts(self.viewer).await?,
            };
            self.has_changed = false;
            let now = Instant::now();
            if self.shown.as_ref().is_none_or(|(shown, _)| *shown != online) {
                let ids: Vec<UserId> = online.iter().copied().collect();
                let users = self.presence.rows(&ids).await?;
                self.shown = Some((online.clone(), now));
                self.online = Some(online);
                return Ok(Arc::new(Online::new(0, now, users)));
            }
            self.online = Some(online);
        }
    }

    /// Takes in what happens until there is a list to show, and a second has passed since the last one.
    async fn wait_until_due(&mut self) -> Result<()> {
        let due = self.shown.as_ref().map(|(_, at)| *at + limits::ONLINE_USERS_PACE);
        loop {
            let is_due = async {
                match due {
                    _ if !self.has_changed => std::future::pending().await,
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => {}
                }
            };
            tokio::select! {
                biased;
                () = is_due => return Ok(()),
                changed = self.changes.recv() => match changed {
                    Ok(changed) => self.take_in(&changed).await?,
                    Err(RecvError::Lagged(_)) => self.read_anew(),
                    // The program ends, and closes its sockets.
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                step = self.memberships.next() => match step? {
                    Step::Event(event) if !changes_members(&event) => {}
                    Step::Event(_) | Step::CaughtUp(_) | Step::Reset(..) => self.read_anew(),
                },
            }
        }
    }

    async fn take_in(&mut self, changed: &Changed) -> Result<()> {
        if let Some(online) = &mut self.online
            && self.presence.concerns(changed, self.viewer).await?
        {
            match changed.online {
                true => online.insert(changed.user),
                false => online.remove(&changed.user),
            };
            self.has_changed = true;
        }
        Ok(())
    }

    fn read_anew(&mut self) {
        (self.online, self.has_changed) = (None, true);
    }
}

/// Whether an event may change with whom its recipient shares a conversation.
fn changes_members(event: &Event) -> bool {
    match event.fact.kind {
        Kind::ConversationAdded | Kind::ConversationUpdated | Kind::ConversationRemoved => true,
        Kind::Origin | Kind::MessageAdded | Kind::MessageChanged | Kind::ReadMarkMoved | Kind::UserChanged => false,
    }
}

/// Drops all other events at the live edge: most are messages, for which the watcher need not be woken.
struct MembershipEdge;

impl Edge for MembershipEdge {
    fn serve(&self, inbox: &Inbox) -> Served {
        let take = |event: &Arc<Event>| match changes_members(event) {
            true => Take::Left(Served::NotHere),
            false => Take::<Infallible>::Passed,
        };
        match inbox.take_if(take) {
            Ok(never) => match never {},
            Err(why) => why,
        }
    }

    fn make<'a>(&'a self, _: &'a Arc<Event>) -> BoxFuture<'a, bool> {
        std::future::ready(false).boxed()
    }

    fn kind(&self) -> usize {
        // Of no other edge: theirs are addresses.
        0
    }
}
