//! The list of online contacts, for viewers to whom the directory is not open.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::accounts::Viewer;
use crate::clock;
use crate::error::Result;
use crate::feed::{Edge, Event, EventKind, Follower, Inbox, Served, Start, Step, Take};
use crate::id::UserId;
use crate::limits;
use crate::presence::hidden::has;
use crate::presence::{Online, PresenceChange, PresenceTracker};

/// Watches which of the viewer's contacts are online. Contacts change with memberships, so the watcher follows the
/// feed.
pub struct ContactsOnline {
    presence: PresenceTracker,
    viewer: Viewer,
    changes: broadcast::Receiver<Arc<PresenceChange>>,
    blocks: broadcast::Receiver<(UserId, UserId)>,
    memberships: Follower,
    online: HashSet<UserId>,
    shown: Option<(HashSet<UserId>, Instant)>,
    /// Whether somebody came online or went offline since the list was emitted.
    has_changed: bool,
    /// When the contacts were last read.
    read: Option<Instant>,
    /// When to read the contacts again; `None` if nothing has changed.
    read_again: Option<Instant>,
}

impl ContactsOnline {
    pub(super) fn new(presence: PresenceTracker, viewer: Viewer) -> Self {
        // Subscribed before the contacts are read, so that no change is missed in between.
        let (changes, blocks) = (presence.changes(), presence.blocks.subscribe());
        let memberships = presence.app.feed.follow(viewer.user(), Start::Now, Some(Arc::new(MembershipEdge)));
        Self {
            presence,
            viewer,
            changes,
            blocks,
            memberships,
            online: HashSet::new(),
            shown: None,
            has_changed: false,
            read: None,
            read_again: None,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Arc<Online>> {
        if self.read.is_none() {
            // The first step confirms that the feed is being followed.
            self.memberships.next().await?;
            self.read().await?;
        }
        while self.shown.as_ref().is_some_and(|(shown, _)| *shown == self.online) {
            self.wait_until_due().await?;
            if self.read_again.is_some_and(|at| at <= clock::instant()) {
                self.read().await?;
            }
            self.has_changed = false;
        }
        let now = clock::instant();
        let ids: Vec<UserId> = self.online.iter().copied().collect();
        let users = self.presence.rows(&ids).await?;
        self.shown = Some((self.online.clone(), now));
        Ok(Arc::new(Online::new(0, now, users)))
    }

    /// Reads the viewer's contacts, and which of them are online.
    async fn read(&mut self) -> Result<()> {
        (self.read, self.read_again) = (Some(clock::instant()), None);
        self.online = self.presence.online_contacts(self.viewer.user()).await?;
        Ok(())
    }

    /// Processes changes until the list may differ and the next one is due.
    async fn wait_until_due(&mut self) -> Result<()> {
        let next_list = self.shown.as_ref().map_or_else(clock::instant, |(_, at)| *at + limits::ONLINE_USERS_PACE);
        loop {
            let due = self.read_again.into_iter().chain(self.has_changed.then_some(next_list)).min();
            let is_due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.max(next_list)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_due => return Ok(()),
                changed = self.changes.recv() => match changed {
                    Ok(changed) => self.take_in(&changed).await?,
                    Err(RecvError::Lagged(_)) => self.read_again = Some(clock::instant()),
                    // The program is shutting down and closes its sockets.
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                pair = self.blocks.recv() => match pair {
                    Ok(pair) if !has(pair, self.viewer.user()) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => self.read_again = Some(clock::instant()),
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                step = self.memberships.next() => match step? {
                    Step::Event(event) => self.plan_reading(&event),
                    Step::CaughtUp(_) | Step::Reset(..) => self.read_again = Some(clock::instant()),
                },
            }
        }
    }

    async fn take_in(&mut self, changed: &PresenceChange) -> Result<()> {
        if self.presence.concerns(changed, &self.viewer).await? {
            match changed.online {
                true => self.online.insert(changed.user),
                false => self.online.remove(&changed.user),
            };
            self.has_changed = true;
        }
        Ok(())
    }

    /// Plans when to read the contacts again. If the viewer joined or left, that is at once; if others did, at a
    /// limited rate, because each change of a group reaches all its members.
    fn plan_reading(&mut self, event: &Event) {
        let now = clock::instant();
        let at = match event.fact.kind {
            EventKind::ConversationUpdated => self.read.map_or(now, |read| read + limits::CONTACTS_PACE),
            _ if changes_members(event) => now,
            _ => return,
        };
        self.read_again = Some(self.read_again.map_or(at, |planned| planned.min(at)));
    }
}

/// Whether an event may change the recipient's contacts.
fn changes_members(event: &Event) -> bool {
    match event.fact.kind {
        EventKind::ConversationAdded | EventKind::ConversationUpdated | EventKind::ConversationRemoved => true,
        EventKind::Origin
        | EventKind::MessageAdded
        | EventKind::MessageChanged
        | EventKind::ReadMarkMoved
        | EventKind::UserChanged
        | EventKind::ReactionsChanged
        | EventKind::PinsChanged
        | EventKind::MembershipChanged
        | EventKind::BlockChanged
        | EventKind::HistoryTrimmed => false,
    }
}

/// Drops all other events at the live edge: most are messages, for which the watcher need not be woken.
struct MembershipEdge;

impl Edge for MembershipEdge {
    fn serve(&self, inbox: &Inbox) -> Served {
        let take = |event: &Arc<Event>| match changes_members(event) {
            true => Take::Stop(Served::NeedsFollower),
            false => Take::<Infallible>::Skip,
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
        // No other edge has it: theirs are addresses.
        0
    }
}
