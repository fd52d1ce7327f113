//! Presence: who is online, on however many devices.

mod contacts;
mod last_seen;
mod online;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, broadcast, watch};
use tokio_util::sync::CancellationToken;

pub use contacts::ContactsOnline;
pub use online::{EverybodyOnline, Online, OnlineWatcher};

use crate::app::App;
use crate::clock::{self, Timestamp};
use crate::config::Directory;
use crate::directory;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use crate::slot::Slot;

/// Who is online on this node. Clones share it.
#[derive(Clone)]
pub struct Presence {
    app: App,
    state: Arc<Mutex<State>>,
    changes: broadcast::Sender<Arc<Changed>>,
    /// Counts the changes.
    version: watch::Sender<u64>,
    newest: Arc<tokio::sync::Mutex<Option<Arc<Online>>>>,
}

#[derive(Default)]
struct State {
    /// Those who have sockets, and how many.
    sockets: HashMap<UserId, usize>,
    /// Those whose last socket went a moment ago: they may be on their way back.
    leaving: HashMap<UserId, Instant>,
}

/// Somebody came or went.
#[derive(Debug)]
pub struct Changed {
    /// Who.
    pub user: UserId,
    /// Whether they are online now.
    pub online: bool,
    /// When they were last seen.
    pub last_seen_at: Timestamp,
    /// Those online who share a conversation with them. Read by the first who asks, where the directory is not open.
    audience: OnceCell<HashSet<UserId>>,
    /// What is made of this once for everybody.
    pub shared: Slot,
}

/// A socket of a person; they are online for as long as one is held.
pub struct Device {
    presence: Presence,
    user: UserId,
}

impl Drop for Device {
    fn drop(&mut self) {
        let mut state = self.presence.lock();
        if let Some(sockets) = state.sockets.get_mut(&self.user) {
            *sockets -= 1;
            if *sockets == 0 {
                state.sockets.remove(&self.user);
                state.leaving.insert(self.user, clock::instant().into_std());
            }
        }
    }
}

impl Presence {
    /// Presence of this program.
    pub fn new(app: App) -> Self {
        Self {
            app,
            state: Arc::default(),
            changes: broadcast::Sender::new(limits::PRESENCE_CHANGES),
            version: watch::Sender::new(0),
            newest: Arc::default(),
        }
    }

    /// A person's device connects. `None` when they have as many sockets as they may.
    pub fn connect(&self, user: UserId) -> Option<Device> {
        let mut state = self.lock();
        let sockets = state.sockets.get(&user).copied().unwrap_or(0);
        if self.app.config.rate_limits && sockets >= limits::SOCKETS_PER_USER {
            return None;
        }
        state.sockets.insert(user, sockets + 1);
        let came_back = state.leaving.remove(&user).is_some();
        if sockets == 0 && !came_back {
            self.announce(&state, user, true);
        }
        Some(Device { presence: self.clone(), user })
    }

    /// Whether a person is online.
    pub fn is_online(&self, user: UserId) -> bool {
        let state = self.lock();
        state.sockets.contains_key(&user) || state.leaving.contains_key(&user)
    }

    /// A person has left for good: they are offline at once, without the grace of those who may be on their way back.
    pub fn forget(&self, user: UserId) {
        let mut state = self.lock();
        let (had_sockets, was_leaving) = (state.sockets.remove(&user), state.leaving.remove(&user));
        if had_sockets.is_some() || was_leaving.is_some() {
            self.announce(&state, user, false);
        }
    }

    /// Hears of everybody who comes or goes from now on. Who lags behind is told.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Changed>> {
        self.changes.subscribe()
    }

    /// Whether a viewer may hear that somebody came or went.
    pub async fn concerns(&self, changed: &Changed, viewer: UserId) -> Result<bool> {
        if changed.user == viewer || directory::open_to(&self.app, viewer) == Directory::Open {
            return Ok(true);
        }
        let audience = changed.audience.get_or_try_init(|| self.online_contacts(changed.user)).await?;
        Ok(audience.contains(&viewer))
    }

    /// Those who are online and share a conversation with a person, and the person themself if they are online.
    async fn online_contacts(&self, person: UserId) -> Result<HashSet<UserId>> {
        let mut contacts = directory::contacts(&self.app, person).await?;
        // Who is in no conversation is no contact, not even their own.
        contacts.insert(person);
        let state = self.lock();
        contacts.retain(|contact| state.sockets.contains_key(contact) || state.leaving.contains_key(contact));
        Ok(contacts)
    }

    /// Tells those who do not come back from their grace to be offline, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        // A twentieth of the grace: what a person is shown online too long at most.
        let mut tick = tokio::time::interval(limits::PRESENCE_GRACE / 20);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            self.let_go(limits::PRESENCE_GRACE);
        }
    }

    fn let_go(&self, grace: Duration) {
        let mut state = self.lock();
        let gone: Vec<UserId> =
            state.leaving.iter().filter(|(_, since)| since.elapsed() >= grace).map(|(user, _)| *user).collect();
        for user in gone {
            state.leaving.remove(&user);
            self.announce(&state, user, false);
        }
    }

    /// Under the lock, or somebody's coming could be told before the going that it follows, and they would seem away.
    fn announce(&self, _: &MutexGuard<'_, State>, user: UserId, online: bool) {
        let last_seen_at = self.app.clock.now();
        self.app.feed.hand_over(last_seen::Seen { user, at: last_seen_at });
        // Nobody may be listening, which is fine.
        let _ = self.changes.send(Arc::new(Changed {
            user,
            online,
            last_seen_at,
            audience: OnceCell::new(),
            shared: Slot::default(),
        }));
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change in here is one step, so what a panic left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
