//! The nodes on one database: which live, who is online on them, and which one does what only one has to do.
//!
//! ```text
//!  register ─▶ lease of 30 s ─ renewed every 10 s ─▶ … ─▶ lost (suspended, or the table is empty after a crash)
//!                  ▲                                            │
//!                  └────────── a new generation ◀───────────────┘
//! ```
//!
//! A node writes who is online on it while it holds its lease, and says it on the bus. The table is the truth: it is read
//! again with each renewal, and when a lease runs out. On SQLite there is one node, which does everything.

mod list;
mod others;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::bus::{Bus, Signal};
use crate::clock::{self, Clock};
use crate::db::{Db, Lease};
use crate::feed::Feed;
use crate::id::UserId;
use crate::leader::Leader;
use crate::limits;
pub(crate) use list::print;
use others::Others;

/// Somebody came to other nodes, or is gone from all of them.
pub(crate) type Elsewhere = (UserId, bool);

/// This node among the others. Clones share it.
#[derive(Clone)]
pub struct Nodes {
    db: Db,
    bus: Bus,
    feed: Feed,
    clock: Clock,
    here: Arc<Mutex<Here>>,
    /// Notified when somebody came or went here.
    moved: Arc<Notify>,
    leader: Leader,
}

/// Who is online on this node.
#[derive(Default)]
struct Here {
    people: HashSet<UserId>,
    /// Who came or went since it was last written.
    unwritten: HashMap<UserId, bool>,
}

impl Nodes {
    /// This node, which starts now.
    pub fn new(app: &App) -> Self {
        let (db, bus, feed) = (app.db.clone(), app.bus.clone(), app.feed.clone());
        let (clock, leader) = (app.clock.clone(), app.leader.clone());
        Self { db, bus, feed, clock, here: Arc::default(), moved: Arc::default(), leader }
    }

    /// Somebody has come online on this node, or is gone from it.
    pub fn moved(&self, user: UserId, is_here: bool) {
        if !self.db.is_shared() {
            return;
        }
        let mut here = self.lock();
        match is_here {
            true => here.people.insert(user),
            false => here.people.remove(&user),
        };
        here.unwritten.insert(user, is_here);
        drop(here);
        self.moved.notify_one();
    }

    /// Keeps this node's lease, and sends who came and went elsewhere, until the program ends.
    pub async fn run_background(self, elsewhere: mpsc::Sender<Vec<Elsewhere>>, shutdown: CancellationToken) {
        if !self.db.is_shared() {
            return;
        }
        let mut lease = Lease { node: self.bus.node().as_uuid(), generation: 0 };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.keep_lease(&mut lease, elsewhere) => {}
        }
        self.leader.set(false);
        if let Err(error) = self.db.end_lease(lease).await {
            tracing::debug!(error = %error, "this node's lease ends by itself: {error}");
        }
    }

    async fn keep_lease(&self, lease: &mut Lease, elsewhere: mpsc::Sender<Vec<Elsewhere>>) {
        let mut signals = self.bus.subscribe();
        let mut others = Others::new(self.bus.node());
        let mut holds = false;
        // When to read the nodes again.
        let mut due = clock::instant();
        loop {
            let changes = tokio::select! {
                () = sleep_until(due) => {
                    let kept = self.renew(lease, &mut holds, &mut others).await;
                    let (next, changes) = kept.unwrap_or_else(|error| {
                        tracing::debug!(error = %error, "this node's lease could not be renewed: {error}");
                        (limits::NODE_RETRY, Vec::new())
                    });
                    due = clock::instant() + next;
                    changes
                }
                () = self.moved.notified(), if holds => {
                    holds = self.write(*lease).await;
                    if !holds {
                        due = clock::instant();
                    }
                    // Many come and go at once, after a restart for instance.
                    sleep(limits::NODE_PACE).await;
                    Vec::new()
                }
                signal = signals.recv() => match signal {
                    Ok(Signal::Presence { node, came, went }) => others.moved(node, came, went),
                    Ok(Signal::Missed) | Err(RecvError::Lagged(_)) => {
                        due = due.min(clock::instant() + limits::NODE_PACE);
                        Vec::new()
                    }
                    Ok(_) => Vec::new(),
                    Err(RecvError::Closed) => return,
                },
            };
            if !changes.is_empty() && elsewhere.send(changes).await.is_err() {
                return;
            }
        }
    }

    /// Renews the lease, or begins a new one, and reads the others. Returns when to do it again.
    async fn renew(
        &self,
        lease: &mut Lease,
        holds: &mut bool,
        others: &mut Others,
    ) -> Result<(Duration, Vec<Elsewhere>), DbErr> {
        *holds = *holds && self.db.renew_lease(*lease, self.feed.head().position).await?;
        if !*holds {
            self.leader.set(false);
            let next = Lease { generation: lease.generation + 1, ..*lease };
            let people: Vec<Uuid> = {
                let mut here = self.lock();
                here.unwritten.clear();
                here.people.iter().map(|user| Uuid::from_bytes(*user.as_bytes())).collect()
            };
            let started = self.bus.node().started_at();
            self.db.register_node(next, env!("PARLOUR_VERSION"), started, people).await?;
            *lease = next;
            // With the position, which a lease that is new does not have.
            *holds = self.db.renew_lease(*lease, self.feed.head().position).await?;
            if *holds && lease.generation > 1 {
                tracing::warn!("this node's lease had ended: it has a new one, and its people are online again");
            }
        }
        let (nodes, people) = self.db.nodes().await?;
        let oldest = nodes.iter().find(|node| node.expires_in > 0).map(|node| node.id);
        let leads = oldest == Some(lease.node);
        if leads {
            self.db.remove_old_nodes().await?;
        }
        if leads && !self.leader.is_here() {
            tracing::info!("this node does the housekeeping from now on");
        }
        self.leader.set(leads);
        let (next, changes) = others.read(&nodes, &people, self.clock.uptime());
        Ok((next.min(limits::NODE_RENEWAL), changes))
    }

    /// Writes who came and went here; `false` if the lease was lost.
    async fn write(&self, lease: Lease) -> bool {
        loop {
            let moved: Vec<(UserId, bool)> = {
                let mut here = self.lock();
                let some: Vec<UserId> = here.unwritten.keys().copied().take(limits::NODE_MOVES).collect();
                some.into_iter().filter_map(|user| here.unwritten.remove_entry(&user)).collect()
            };
            if moved.is_empty() {
                return true;
            }
            let who = |came: bool| -> Vec<Uuid> {
                let of = moved.iter().filter(|(_, is_here)| *is_here == came);
                of.map(|(user, _)| Uuid::from_bytes(*user.as_bytes())).collect()
            };
            let signal = Signal::Presence { node: self.bus.node(), came: who(true), went: who(false) };
            let payload = signal.encode().unwrap_or_default();
            match self.db.move_people(lease, who(true), who(false), &payload).await {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    // Everything is written anew when the database is back.
                    tracing::debug!(error = %error, "who is online here could not be written: {error}");
                    return false;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
