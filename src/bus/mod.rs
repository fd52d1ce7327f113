//! The bus: what nodes on one database let each other know at once. On SQLite there is one node, and it hears itself only.
//!
//! ```text
//!  node A ─ send ─▶ queue ─▶ NOTIFY ─▶ PostgreSQL ─▶ LISTEN (one connection a node) ─▶ signals ─▶ hub, presence, …
//! ```
//!
//! It carries no truth. Whoever listens also reads the database at intervals, so a signal that is lost delays something
//! and loses nothing. The feed's own signal is not sent here: it is part of the writer's transaction (see
//! [`Tx::take_positions`](crate::db::Tx::take_positions)).

mod signal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, mpsc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub(crate) use signal::{NodeId, Signal};

use crate::db::{Db, Listening};
use crate::limits;

/// The bus of this node. Clones share it.
#[derive(Clone)]
pub struct Bus {
    node: NodeId,
    db: Db,
    signals: broadcast::Sender<Signal>,
    queue: mpsc::Sender<Signal>,
    /// Whether it listens, or is about to for the first time.
    hears: Arc<AtomicBool>,
    /// The other end of the queue, until the background task takes it.
    outgoing: Arc<Mutex<Option<mpsc::Receiver<Signal>>>>,
}

impl Bus {
    /// The bus of a node that starts now.
    pub fn new(db: Db) -> Self {
        let (queue, outgoing) = mpsc::channel(limits::BUS_QUEUE);
        let (signals, outgoing) = (broadcast::Sender::new(limits::BUS_QUEUE), Arc::new(Mutex::new(Some(outgoing))));
        let hears = Arc::new(AtomicBool::new(true));
        Self { node: NodeId::new(), db, signals, queue, hears, outgoing }
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Whether this node hears the others. If not, what they do arrives later.
    pub fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// What comes from all nodes from now on, this one included. A receiver that lags gets an error, and has to read what
    /// it follows from the database.
    pub fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    /// Sends a signal to all nodes, without waiting. It is dropped if the queue is full.
    pub fn send(&self, signal: Signal) {
        if self.db.is_shared() && self.queue.try_send(signal).is_err() {
            tracing::debug!("a signal to other nodes was dropped, the queue is full");
        }
    }

    /// Sends a signal to all nodes, this one included, also where it is the only one.
    pub fn announce(&self, signal: Signal) {
        if self.db.is_shared() {
            self.send(signal);
        } else {
            // It fails if nobody subscribes, which is fine.
            let _ = self.signals.send(signal);
        }
    }

    /// Sends and receives until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        if !self.db.is_shared() {
            return;
        }
        let taken = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(outgoing) = taken else { return };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.receive() => {}
            () = self.send_queued(outgoing) => {}
        }
    }

    async fn receive(&self) {
        let mut is_away = false;
        loop {
            let failed = match self.db.listen().await {
                Ok(listening) => {
                    if std::mem::take(&mut is_away) {
                        tracing::info!("this node hears other nodes again");
                    }
                    self.hears.store(true, Ordering::Relaxed);
                    // What was sent before it listened is not repeated.
                    let _ = self.signals.send(Signal::Missed);
                    self.receive_from(listening).await
                }
                Err(failed) => failed,
            };
            self.hears.store(false, Ordering::Relaxed);
            if !std::mem::replace(&mut is_away, true) {
                let error = &failed;
                tracing::warn!(error = %error, "this node does not hear other nodes, and asks the database instead: {error}");
            }
            sleep(limits::BUS_RETRY).await;
        }
    }

    /// Receives until the connection is lost; returns why.
    async fn receive_from(&self, mut listening: Listening) -> sea_orm::DbErr {
        loop {
            match listening.next().await {
                Ok(payload) => {
                    // A newer node may send what this one does not know.
                    if let Some(signal) = Signal::decode(&payload) {
                        // It fails if nobody subscribes, which is fine.
                        let _ = self.signals.send(signal);
                    }
                }
                Err(error) => return error,
            }
        }
    }

    async fn send_queued(&self, mut outgoing: mpsc::Receiver<Signal>) {
        let mut signals = Vec::new();
        while outgoing.recv_many(&mut signals, limits::BUS_BATCH).await > 0 {
            let payloads: Vec<String> = signals.drain(..).filter_map(|signal| signal.encode()).collect();
            if let Err(error) = self.db.notify(&payloads).await {
                tracing::debug!(error = %error, "{} signals to other nodes were lost: {error}", payloads.len());
            }
        }
    }
}
