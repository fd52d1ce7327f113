//! Sessions, people and bots with open sockets: when a session ends, or the app's tokens of a person do, or a bot's key is
//! revoked, the sockets close.

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
use crate::entity::{session, user};
use crate::error::Result;
use crate::id::{KeyId, SessionId, UserId};
use crate::limits;

/// What open sockets are signed in with.
#[derive(Default)]
pub(super) struct Live {
    entries: Mutex<HashMap<SignIn, LiveEntry>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum SignIn {
    Session(SessionId),
    /// Tokens of the app, all of one person.
    Tokens(UserId),
    /// The key of a bot.
    Key(KeyId),
}

struct LiveEntry {
    sockets: usize,
    ended: CancellationToken,
    /// When the session expires. Each token does so by itself.
    expires_at: watch::Sender<Timestamp>,
    /// When the oldest of the tokens was issued.
    issued: Timestamp,
}

/// How a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// It was ended, by signing out for instance.
    Ended,
    /// Its time is over.
    Expired,
}

/// The session of an open socket, or its token of the app.
pub struct LiveSession {
    live: Arc<Live>,
    of: SignIn,
    /// Cancelled when what it is signed in with ends. Nobody enters an entry that has ended.
    entry: CancellationToken,
    /// Cancelled when the session is ended.
    pub(super) ended: CancellationToken,
    /// When the session expires; updated when it is renewed.
    pub(super) expires_at: watch::Receiver<Timestamp>,
}

impl LiveSession {
    /// Waits until the session was ended or its time is over. A block, as an `async fn` has room for its arguments twice,
    /// and each socket waits in one of these.
    pub fn over(self, clock: Clock) -> impl Future<Output = SessionEnd> {
        let mut session = self;
        async move {
            let session = &mut session;
            loop {
                let until = *session.expires_at.borrow_and_update();
                tokio::select! {
                    () = session.ended.cancelled() => return SessionEnd::Ended,
                    // Moved: look again.
                    Ok(()) = session.expires_at.changed() => {}
                    () = clock.sleep_until(until) => return SessionEnd::Expired,
                }
            }
        }
    }
}

impl Accounts {
    /// Closes the sockets of sessions that another process has ended, such as `parlour user disable`: their rows are
    /// gone. Those of keys, which end in no other way, are looked at more often. Runs until the program ends.
    pub(super) async fn close_revoked_sockets(&self) {
        let mut rounds = 0_u32;
        loop {
            tokio::time::sleep(limits::KEY_CACHE).await;
            rounds = (rounds + 1) % limits::KEY_CHECKS;
            let is_time = rounds == 0;
            let checked = async {
                self.check_keys().await?;
                if is_time { self.check_open_sessions().await } else { Ok(()) }
            };
            if let Err(error) = checked.await {
                // The database is unavailable; the next check makes up for it.
                tracing::debug!(error = %error, "the sessions of open sockets could not be looked up");
            }
        }
    }

    async fn check_keys(&self) -> Result<()> {
        let keys = self.live.with_keys();
        if keys.is_empty() {
            return Ok(());
        }
        let living = self.living_bot_keys(&keys).await?;
        for key in keys.into_iter().filter(|key| !living.contains(key)) {
            self.live.leave(SignIn::Key(key));
        }
        Ok(())
    }

    async fn check_open_sessions(&self) -> Result<()> {
        self.check_tokens().await?;
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

    /// Likewise for people who are signed in with tokens of the app: they may have been suspended or erased.
    async fn check_tokens(&self) -> Result<()> {
        for people in self.live.with_tokens().chunks(db::VALUES) {
            let rows = user::Entity::find()
                .select_only()
                .columns([user::Column::Id, user::Column::TokensFrom])
                .filter(user::Column::Id.is_in(people.iter().map(|(user, _)| *user)))
                .filter(user::Column::DeletedAt.is_null())
                .filter(user::Column::DisabledAt.is_null())
                .into_tuple::<(UserId, Option<Timestamp>)>();
            let open: HashMap<UserId, Option<Timestamp>> = rows.all(&self.app.db.reader).await?.into_iter().collect();
            for (user, issued) in people {
                if open.get(user).is_none_or(|from| from.is_some_and(|from| *issued < from)) {
                    self.tokens_ended_here(*user);
                }
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
                Ok(Signal::TokensEnded(user)) => self.tokens_ended_here(user.into()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                // There is no bus any more: the program ends.
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

impl Live {
    pub(super) fn watch(self: &Arc<Self>, id: SessionId, expires_at: Timestamp) -> LiveSession {
        self.enter(SignIn::Session(id), expires_at, expires_at)
    }

    /// Tracks a socket with a token of the app.
    pub(super) fn watch_tokens(
        self: &Arc<Self>,
        user: UserId,
        issued: Timestamp,
        expires_at: Timestamp,
    ) -> LiveSession {
        let mut live = self.enter(SignIn::Tokens(user), issued, expires_at);
        // Of its own: another socket of the person has another token. It never moves.
        live.expires_at = watch::channel(expires_at).1;
        live
    }

    /// Tracks a socket of a bot.
    pub(super) fn watch_key(self: &Arc<Self>, key: KeyId, expires_at: Timestamp) -> LiveSession {
        let mut live = self.enter(SignIn::Key(key), expires_at, expires_at);
        live.expires_at = watch::channel(expires_at).1;
        live
    }

    fn enter(self: &Arc<Self>, of: SignIn, issued: Timestamp, expires_at: Timestamp) -> LiveSession {
        let mut entries = self.lock();
        let entry = entries.entry(of).or_insert_with(|| LiveEntry {
            sockets: 0,
            ended: CancellationToken::new(),
            expires_at: watch::Sender::new(expires_at),
            issued,
        });
        entry.sockets += 1;
        entry.issued = entry.issued.min(issued);
        let (ended, expires_at) = (entry.ended.child_token(), entry.expires_at.subscribe());
        LiveSession { live: Arc::clone(self), of, entry: entry.ended.clone(), ended, expires_at }
    }

    pub(super) fn renew(&self, id: SessionId, expires_at: Timestamp) {
        if let Some(entry) = self.lock().get(&SignIn::Session(id)) {
            entry.expires_at.send_replace(expires_at);
        }
    }

    pub(super) fn end(&self, id: SessionId) {
        self.leave(SignIn::Session(id));
    }

    /// Ends all tokens of a person.
    pub(super) fn end_tokens(&self, user: UserId) {
        self.leave(SignIn::Tokens(user));
    }

    fn leave(&self, of: SignIn) {
        if let Some(entry) = self.lock().remove(&of) {
            entry.ended.cancel();
        }
    }

    /// The sessions that have not expired: sockets of expired ones close by themselves, with another code.
    fn open_at(&self, now: Timestamp) -> Vec<SessionId> {
        let entries = self.lock();
        let open = entries.iter().filter(|(_, entry)| *entry.expires_at.borrow() > now);
        let session = |of: &SignIn| match of {
            SignIn::Session(id) => Some(*id),
            SignIn::Tokens(_) | SignIn::Key(_) => None,
        };
        open.filter_map(|(of, _)| session(of)).collect()
    }

    /// The people with tokens, and when the oldest of each was issued.
    fn with_tokens(&self) -> Vec<(UserId, Timestamp)> {
        let entries = self.lock();
        let person = |(of, entry): (&SignIn, &LiveEntry)| match of {
            SignIn::Session(_) | SignIn::Key(_) => None,
            SignIn::Tokens(user) => Some((*user, entry.issued)),
        };
        entries.iter().filter_map(person).collect()
    }

    /// The keys of bots.
    fn with_keys(&self) -> Vec<KeyId> {
        let key = |of: &SignIn| match of {
            SignIn::Key(key) => Some(*key),
            SignIn::Session(_) | SignIn::Tokens(_) => None,
        };
        self.lock().keys().filter_map(key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SignIn, LiveEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        let mut entries = self.live.lock();
        // If it has ended, what is there now is another's.
        if !self.entry.is_cancelled()
            && let Some(entry) = entries.get_mut(&self.of)
        {
            entry.sockets -= 1;
            if entry.sockets == 0 {
                entries.remove(&self.of);
            }
        }
    }
}
