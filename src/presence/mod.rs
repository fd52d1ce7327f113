//! Presence: who is online, on any number of devices.

mod contacts;
mod elsewhere;
mod hidden;
mod last_seen;
mod online;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use online::Online;

use crate::accounts::Viewer;
use crate::app::App;
use crate::bus::Signal;
use crate::clock::{Clock, Timestamp};
use crate::config::Directory;
use crate::directory;
use crate::entity::user;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use crate::nodes::Nodes;
use crate::shared_cell::SharedCell;

/// Tracks who is online on this node. Clones share it.
#[derive(Clone)]
pub struct PresenceTracker {
    app: App,
    nodes: Nodes,
    state: Arc<Mutex<PresenceState>>,
    changes: broadcast::Sender<Arc<PresenceChange>>,
    /// Pairs of people of whom one has blocked the other, or does so no longer.
    blocks: broadcast::Sender<(UserId, UserId)>,
    /// A counter of changes.
    version: watch::Sender<u64>,
    newest: Arc<tokio::sync::Mutex<Option<Arc<Online>>>>,
}

#[derive(Default)]
struct PresenceState {
    /// People with open sockets, and how many.
    sockets: HashMap<UserId, usize>,
    /// People whose last socket closed a moment ago, by the clock's uptime, and who may reconnect. They count as online.
    leaving: HashMap<UserId, Duration>,
    /// People who are online on other nodes.
    elsewhere: HashSet<UserId>,
    /// The last change of people, while they are online and for [`limits::LAST_SEEN_WRITTEN`] after they went offline.
    /// A change is published at once, and is in the database only when the feed's writer has reached it.
    changed: HashMap<UserId, LastChange>,
    /// People who went offline, the earliest first, until they are removed from `changed`.
    gone: VecDeque<(UserId, Duration)>,
}

/// When a person last came online or went offline.
#[derive(Clone, Copy)]
struct LastChange {
    at: Timestamp,
    /// The clock's uptime then.
    since: Duration,
}

impl PresenceState {
    fn is_here(&self, user: UserId) -> bool {
        self.sockets.contains_key(&user) || self.leaving.contains_key(&user)
    }

    fn is_online(&self, user: UserId) -> bool {
        self.is_here(user) || self.elsewhere.contains(&user)
    }

    /// Everybody who is online, each once.
    fn online(&self) -> Vec<UserId> {
        let here = self.sockets.keys().chain(self.leaving.keys()).copied();
        let elsewhere = self.elsewhere.iter().copied().filter(|user| !self.is_here(*user));
        here.chain(elsewhere).collect()
    }

    fn record(&mut self, user: UserId, online: bool, at: Timestamp, since: Duration) {
        self.changed.insert(user, LastChange { at, since });
        if !online {
            self.gone.push_back((user, since));
        }
    }

    /// Removes the changes that are in the database by now.
    fn forget_written(&mut self, now: Duration) {
        let is_written = |since: Duration| now.saturating_sub(since) >= limits::LAST_SEEN_WRITTEN;
        while let Some((user, since)) = self.gone.pop_front_if(|(_, since)| is_written(*since)) {
            // A person who has changed again since has a newer one.
            if self.changed.get(&user).is_some_and(|last| last.since == since) {
                self.changed.remove(&user);
            }
        }
    }
}

/// A person came online or went offline.
#[derive(Debug)]
pub struct PresenceChange {
    /// The person.
    pub user: UserId,
    /// Whether they are online now.
    pub online: bool,
    /// When they were last seen.
    pub last_seen_at: Option<Timestamp>,
    /// Whether the viewer may not see it any more.
    pub is_hidden: bool,
    /// The one viewer whom it is for, where a block has begun or ended.
    only_for: Option<UserId>,
    /// Their online contacts. Read by the first subscriber that needs it, if the directory is not open.
    audience: OnceCell<HashSet<UserId>>,
    /// Those who are in a block with them. Read by the first subscriber that needs it.
    hidden_from: OnceCell<HashSet<UserId>>,
    /// Frames for this change, shared by equal subscriptions.
    pub shared: SharedCell,
}

/// An open socket of a person, who is online while any is held.
pub struct Device {
    // Not the whole tracker: there are many sockets.
    state: Arc<Mutex<PresenceState>>,
    clock: Clock,
    user: UserId,
}

impl Drop for Device {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(sockets) = state.sockets.get_mut(&self.user) {
            *sockets -= 1;
            if *sockets == 0 {
                state.sockets.remove(&self.user);
                state.leaving.insert(self.user, self.clock.uptime());
            }
        }
    }
}

impl PresenceTracker {
    /// Creates the presence service.
    pub fn new(app: App, nodes: Nodes) -> Self {
        Self {
            app,
            nodes,
            state: Arc::default(),
            changes: broadcast::Sender::new(limits::PRESENCE_CHANGES),
            blocks: broadcast::Sender::new(limits::PRESENCE_CHANGES),
            version: watch::Sender::new(0),
            newest: Arc::default(),
        }
    }

    /// Registers a socket of the viewer. `None` if they have too many.
    pub fn connect(&self, viewer: &Viewer) -> Option<Device> {
        let user = viewer.user();
        let mut state = self.lock();
        let sockets = state.sockets.get(&user).copied().unwrap_or(0);
        if self.app.config.rate_limits && sockets >= limits::SOCKETS_PER_USER {
            return None;
        }
        let (was_here, was_online) = (state.is_here(user), state.is_online(user));
        state.sockets.insert(user, sockets + 1);
        state.leaving.remove(&user);
        if !was_here {
            self.nodes.moved(user, true);
        }
        if !was_online {
            self.announce(&mut state, user, true);
        }
        Some(Device { state: Arc::clone(&self.state), clock: self.app.clock.clone(), user })
    }

    /// Whether a person is online.
    pub fn is_online(&self, user: UserId) -> bool {
        self.lock().is_online(user)
    }

    /// When a person last came online or went offline: the newer of what their row says, which may have been read
    /// before the change was written, and of what happened here.
    pub fn last_seen_at(&self, row: &user::Model) -> Option<Timestamp> {
        // Erased people were never seen, and their row says so.
        if row.deleted_at.is_some() {
            return None;
        }
        let here = self.lock().changed.get(&row.id).map(|last| last.at);
        row.last_seen_at.max(here)
    }

    /// Takes an erased person offline at once, without the grace period.
    pub fn go_offline(&self, user: UserId) {
        let mut state = self.lock();
        let (was_here, was_online) = (state.is_here(user), state.is_online(user));
        state.sockets.remove(&user);
        state.leaving.remove(&user);
        state.elsewhere.remove(&user);
        if was_here {
            self.nodes.moved(user, false);
        }
        if was_online {
            self.announce(&mut state, user, false);
        }
    }

    /// Takes an erased person offline on all nodes.
    pub fn go_offline_everywhere(&self, user: UserId) {
        self.go_offline(user);
        self.app.bus.send(Signal::Erased(Uuid::from_bytes(*user.as_bytes())));
    }

    /// Subscribes to all changes from now on. A receiver that lags gets an error.
    pub fn changes(&self) -> broadcast::Receiver<Arc<PresenceChange>> {
        self.changes.subscribe()
    }

    /// Whether a viewer may learn of a change.
    pub async fn concerns(&self, changed: &PresenceChange, viewer: &Viewer) -> Result<bool> {
        if let Some(only) = changed.only_for {
            return Ok(only == viewer.user());
        }
        if changed.user == viewer.user() {
            return Ok(true);
        }
        if directory::open_to(&self.app, viewer) == Directory::Open {
            let read = || directory::in_blocks_with(&self.app, changed.user);
            return Ok(!changed.hidden_from.get_or_try_init(read).await?.contains(&viewer.user()));
        }
        let audience = changed.audience.get_or_try_init(|| self.online_contacts(changed.user)).await?;
        Ok(audience.contains(&viewer.user()))
    }

    /// A person's online contacts without those who are in a block with them, and the person if they are online.
    async fn online_contacts(&self, person: UserId) -> Result<HashSet<UserId>> {
        let mut contacts = directory::contacts(&self.app, person).await?;
        for hidden in directory::in_blocks_with(&self.app, person).await? {
            contacts.remove(&hidden);
        }
        // A person without conversations is not in their own contacts.
        contacts.insert(person);
        let state = self.lock();
        contacts.retain(|contact| state.is_online(*contact));
        Ok(contacts)
    }

    /// Takes people offline whose grace period has ended, and follows the other nodes, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let (sender, moved) = mpsc::channel(limits::PRESENCE_CHANGES);
        tokio::join!(self.nodes.clone().run_background(sender, shutdown.clone()), async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.expire_regularly() => {}
                () = self.follow_nodes(moved) => {}
            }
        });
    }

    async fn expire_regularly(&self) {
        loop {
            // A twentieth of the grace period: the longest that it is exceeded.
            self.app.clock.sleep(limits::PRESENCE_GRACE / 20).await;
            self.expire_grace();
            self.lock().forget_written(self.app.clock.uptime());
        }
    }

    fn expire_grace(&self) {
        let mut state = self.lock();
        let now = self.app.clock.uptime();
        let is_over = |since: Duration| now.saturating_sub(since) >= limits::PRESENCE_GRACE;
        let gone: Vec<UserId> =
            state.leaving.iter().filter(|(_, since)| is_over(**since)).map(|(user, _)| *user).collect();
        for user in gone {
            state.leaving.remove(&user);
            self.nodes.moved(user, false);
            if !state.is_online(user) {
                self.announce(&mut state, user, false);
            }
        }
    }

    /// Publishes that somebody came online here or is offline now, and stores when they were seen.
    fn announce(&self, state: &mut MutexGuard<'_, PresenceState>, user: UserId, online: bool) {
        let at = self.publish(state, user, online);
        self.app.feed.append_or_drop(last_seen::Seen { user, at });
    }

    /// Takes the guard as proof of the lock: without it a person's coming could be published before their earlier
    /// going, and they would seem offline. Returns when they were seen.
    fn publish(&self, state: &mut MutexGuard<'_, PresenceState>, user: UserId, online: bool) -> Timestamp {
        let last_seen_at = self.app.clock.now();
        state.record(user, online, last_seen_at, self.app.clock.uptime());
        // It fails if there are no subscribers, which is fine.
        let _ = self.changes.send(Arc::new(PresenceChange {
            user,
            online,
            last_seen_at: Some(last_seen_at),
            is_hidden: false,
            only_for: None,
            audience: OnceCell::new(),
            hidden_from: OnceCell::new(),
            shared: SharedCell::default(),
        }));
        self.version.send_modify(|version| *version += 1);
        last_seen_at
    }

    fn lock(&self) -> MutexGuard<'_, PresenceState> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<PresenceState>) -> MutexGuard<'_, PresenceState> {
    // Every change of the state is a single step, so it is consistent even after a panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
