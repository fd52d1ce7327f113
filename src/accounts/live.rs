//! Sessions with open sockets: when a session ends, its sockets close.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::bus::Signal;
use crate::clock::{Clock, Timestamp};
use crate::db;
use crate::entity::session;
use crate::error::Result;
use crate::id::SessionId;
use crate::limits;

/// The sessions that have open sockets.
#[derive(Default)]
pub(super) struct Live {
    sessions: Mutex<HashMap<SessionId, Entry>>,
}

struct Entry {
    sockets: usize,
    ended: CancellationToken,
    expires_at: watch::Sender<Timestamp>,
}

/// How a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// It was ended, by signing out for instance.
    Ended,
    /// Its time is over.
    Expired,
}

/// The session of an open socket.
pub struct LiveSession {
    live: Arc<Live>,
    id: SessionId,
    /// Cancelled when the session is ended.
    pub(super) ended: CancellationToken,
    /// When the session expires; updated when it is renewed.
    pub(super) expires_at: watch::Receiver<Timestamp>,
}

impl LiveSession {
    /// Waits until the session was ended or its time is over.
    pub async fn over(mut self, clock: Clock) -> SessionEnd {
        loop {
            let until = *self.expires_at.borrow_and_update();
            tokio::select! {
                () = self.ended.cancelled() => return SessionEnd::Ended,
                // Moved: look again.
                Ok(()) = self.expires_at.changed() => {}
                () = clock.sleep_until(until) => return SessionEnd::Expired,
            }
        }
    }
}

impl Accounts {
    /// Closes the sockets of sessions that another process has ended, such as `parlour user disable`: their rows are
    /// gone. Runs until the program ends.
    pub(super) async fn close_revoked_sockets(&self) {
        loop {
            tokio::time::sleep(limits::SESSION_CACHE).await;
            if let Err(error) = self.check_open_sessions().await {
                // The database is unavailable; the next check makes up for it.
                tracing::debug!(error = %error, "the sessions of open sockets could not be looked up");
            }
        }
    }

    async fn check_open_sessions(&self) -> Result<()> {
        // Listed before the query, so that a session that begins in between does not count as ended.
        for ids in self.live.open_at(self.app.clock.now()).chunks(db::VALUES) {
            let rows = session::Entity::find()
                .select_only()
                .column(session::Column::Id)
                .filter(session::Column::Id.is_in(ids.iter().copied()))
                .into_tuple::<SessionId>();
            let open: HashSet<SessionId> = rows.all(&self.app.db.reader).await?.into_iter().collect();
            for gone in ids.iter().filter(|id| !open.contains(id)) {
                self.ended_here(*gone);
            }
        }
        Ok(())
    }

    /// Closes the sockets of sessions that other nodes end. Those of which no signal arrives are found by
    /// [`close_revoked_sockets`](Self::close_revoked_sockets).
    pub(super) async fn follow_other_nodes(&self) {
        let mut signals = self.app.bus.subscribe();
        loop {
            match signals.recv().await {
                Ok(Signal::SessionEnded(session)) => self.ended_here(session.into()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                // There is no bus any more: the program ends.
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

impl Live {
    pub(super) fn watch(self: &Arc<Self>, id: SessionId, expires_at: Timestamp) -> LiveSession {
        let mut sessions = self.lock();
        let entry = sessions.entry(id).or_insert_with(|| Entry {
            sockets: 0,
            ended: CancellationToken::new(),
            expires_at: watch::Sender::new(expires_at),
        });
        entry.sockets += 1;
        let (ended, expires_at) = (entry.ended.clone(), entry.expires_at.subscribe());
        LiveSession { live: Arc::clone(self), id, ended, expires_at }
    }

    pub(super) fn renew(&self, id: SessionId, expires_at: Timestamp) {
        if let Some(entry) = self.lock().get(&id) {
            entry.expires_at.send_replace(expires_at);
        }
    }

    pub(super) fn end(&self, id: SessionId) {
        if let Some(entry) = self.lock().remove(&id) {
            entry.ended.cancel();
        }
    }

    /// The sessions that have not expired: sockets of expired ones close by themselves, with another code.
    fn open_at(&self, now: Timestamp) -> Vec<SessionId> {
        let sessions = self.lock();
        sessions.iter().filter(|(_, entry)| *entry.expires_at.borrow() > now).map(|(id, _)| *id).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        let mut sessions = self.live.lock();
        if let Some(entry) = sessions.get_mut(&self.id) {
            entry.sockets -= 1;
            if entry.sockets == 0 {
                sessions.remove(&self.id);
            }
        }
    }
}
