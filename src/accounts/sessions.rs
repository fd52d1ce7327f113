//! Authentication: tokens prove sessions, and sessions make [`Viewer`]s.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::accounts::token::TokenError;
use crate::accounts::{Accounts, LiveSession, ServerKey};
use crate::audit::{AuditAction, AuditRecord, Operator};
use crate::bus::Signal;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::session;
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{KeyId, SessionId, UserId};
use crate::limits;

/// Somebody who is signed in. A slice function that acts for somebody takes one, because it can't come from a request's
/// input: only the functions in this file make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    user: UserId,
    proof: ViewerProof,
}

/// What somebody has proved who they are with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ViewerProof {
    Session(SessionId),
    /// A token of the app.
    AppToken,
    /// The key of a bot.
    BotKey(KeyId),
    /// A key of the app's backend, which acts in their place.
    ActingKey(ServerKey),
    /// The operator, who lets a bot say something.
    Operator(Operator),
}

impl Viewer {
    /// The operator acts as this person, as `parlour seed` does. No session has its session id.
    pub(crate) fn for_operator(user: UserId) -> Self {
        Self { user, proof: ViewerProof::Session(SessionId::new()) }
    }

    /// The operator lets a bot do something. It is recorded as the operator's.
    pub(crate) fn announcing(by: Operator, bot: UserId) -> Self {
        Self { user: bot, proof: ViewerProof::Operator(by) }
    }

    /// Somebody who is signed in with a token of the app, of which there is no session.
    pub(super) fn by_app_token(user: UserId) -> Self {
        Self { user, proof: ViewerProof::AppToken }
    }

    /// A bot that is signed in with a key.
    pub(super) fn by_bot_key(user: UserId, key: KeyId) -> Self {
        Self { user, proof: ViewerProof::BotKey(key) }
    }

    /// Somebody in whose place a key acts.
    pub(super) fn acted_for(user: UserId, key: ServerKey) -> Self {
        Self { user, proof: ViewerProof::ActingKey(key) }
    }

    /// Whether they have a session.
    pub fn has_session(&self) -> bool {
        matches!(self.proof, ViewerProof::Session(_))
    }

    /// The key that acts in their place, if one does.
    pub fn acting_key(&self) -> Option<&ServerKey> {
        match &self.proof {
            ViewerProof::ActingKey(key) => Some(key),
            ViewerProof::Session(_) | ViewerProof::AppToken | ViewerProof::BotKey(_) | ViewerProof::Operator(_) => None,
        }
    }

    /// For the audit log, which has what keys and the operator do in the place of people and bots.
    pub fn record(&self, action: AuditAction, subject: impl Into<Uuid>) -> Option<AuditRecord> {
        if let ViewerProof::Operator(by) = &self.proof {
            return Some(by.record(action, subject));
        }
        self.acting_key().map(|key| key.record(Some(self.user), action, subject))
    }

    /// The person.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The session that they are signed in with; without one, an id that no session has.
    pub fn session(&self) -> SessionId {
        match self.proof {
            ViewerProof::Session(session) => session,
            ViewerProof::AppToken | ViewerProof::BotKey(_) | ViewerProof::ActingKey(_) | ViewerProof::Operator(_) => {
                Uuid::from(self.user).into()
            }
        }
    }
}

/// The result of checking a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authenticated {
    /// The token is valid.
    Viewer {
        /// Who is signed in.
        viewer: Viewer,
        /// When the session expires, unless it is used.
        expires_at: Timestamp,
        /// When the token was issued.
        issued_at: Timestamp,
    },
    /// The token or its session has expired.
    Expired,
    /// The token is invalid, or its session was ended.
    Anonymous,
}

/// A recently read session.
#[derive(Clone, Debug)]
pub(super) struct CachedSession {
    row: Arc<session::Model>,
}

/// The lifetime of a cache entry: it counts from the read, whatever is written to the entry afterwards. An entry that
/// becomes `None` (ended) starts anew.
pub(super) struct SessionCacheExpiry;

impl Expiry<SessionId, Option<CachedSession>> for SessionCacheExpiry {
    fn expire_after_create(&self, _: &SessionId, _: &Option<CachedSession>, _: Instant) -> Option<Duration> {
        Some(limits::SESSION_CACHE)
    }

    fn expire_after_update(
        &self,
        _: &SessionId,
        session: &Option<CachedSession>,
        _: Instant,
        left: Option<Duration>,
    ) -> Option<Duration> {
        if session.is_none() { Some(limits::SESSION_CACHE) } else { left }
    }
}

impl Accounts {
    /// Checks a token.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated> {
        let now = self.app.clock.now();
        let claims = match self.tokens.verify(token, now) {
            Ok(claims) => claims,
            Err(TokenError::Expired) => return Ok(Authenticated::Expired),
            Err(TokenError::Invalid) => return Ok(Authenticated::Anonymous),
        };
        let Some(session) = self.session(claims.session).await? else { return Ok(Authenticated::Anonymous) };
        if session.user_id != claims.user {
            return Ok(Authenticated::Anonymous);
        }
        if session.expires_at <= now {
            return Ok(Authenticated::Expired);
        }
        if now.since(session.last_used_at) > limits::LAST_USED_PRECISION {
            self.touch(&session, now);
        }
        let viewer = Viewer { user: session.user_id, proof: ViewerProof::Session(session.id) };
        Ok(Authenticated::Viewer { viewer, expires_at: session.expires_at, issued_at: claims.issued })
    }

    /// Issues a fresh token and extends the session to its full length, but never past its absolute end.
    /// `Unauthenticated` if it has expired.
    pub async fn renew(&self, viewer: &Viewer) -> Result<(String, Timestamp)> {
        if !viewer.has_session() {
            // The app issues the tokens, and fresh ones too.
            return Err(Error::Forbidden);
        }
        self.renewals.take(&viewer.user())?;
        let renewed = self.renewal(viewer).await?;
        self.app.feed.append(UseSession { row: renewed.clone() }).await?;
        self.renewed(renewed)
    }

    /// The viewer's session as it will be after a renewal.
    pub(super) async fn renewal(&self, viewer: &Viewer) -> Result<session::Model> {
        let session = self.session(viewer.session()).await?.ok_or(Error::Unauthenticated)?;
        let now = self.app.clock.now();
        if session.expires_at <= now {
            return Err(Error::Unauthenticated);
        }
        let expires_at = (now + self.session_length()).min(session.created_at + limits::SESSION_ABSOLUTE);
        Ok(session::Model { last_used_at: now, expires_at, ..session.as_ref().clone() })
    }

    /// Records a renewed session, extends its sockets, and issues its new token.
    pub(super) fn renewed(&self, session: session::Model) -> Result<(String, Timestamp)> {
        let session::Model { id, user_id, last_used_at: now, expires_at, .. } = session;
        self.remember(session);
        self.live.renew(id, expires_at);
        Ok((self.tokens.issue(user_id, id, now, expires_at)?, expires_at))
    }

    /// Tracks a socket of a session, of a token of the app, or of a bot's key.
    pub fn watch(&self, viewer: &Viewer, issued_at: Timestamp, expires_at: Timestamp) -> LiveSession {
        match viewer.proof {
            ViewerProof::Session(session) => {
                let live = self.live.watch(session, expires_at);
                // The session may have ended between authentication and this call.
                if let Some(None) = self.recent.get(&session) {
                    live.ended.cancel();
                }
                live
            }
            // Those who act for others have no sockets.
            ViewerProof::AppToken | ViewerProof::ActingKey(_) | ViewerProof::Operator(_) => {
                let live = self.live.watch_tokens(viewer.user, issued_at, expires_at);
                if self.tokens_were_ended(viewer.user).is_some_and(|ended| issued_at < ended) {
                    live.ended.cancel();
                }
                live
            }
            ViewerProof::BotKey(key) => self.live.watch_key(key, expires_at),
        }
    }

    /// Marks a session as ended, on all nodes: its token stops working at once, and its sockets close.
    pub fn ended(&self, session: SessionId) {
        self.ended_here(session);
        self.app.bus.send(Signal::SessionEnded(Uuid::from_bytes(*session.as_bytes())));
    }

    pub(super) fn ended_here(&self, session: SessionId) {
        // Cached as ended, so that a query that began earlier can't bring it back.
        self.recent.insert(session, None);
        self.live.end(session);
    }

    async fn session(&self, id: SessionId) -> Result<Option<Arc<session::Model>>> {
        if let Some(known) = self.recent.get(&id) {
            return Ok(known.map(|known| known.row));
        }
        let row = match self.app.db.hot.session(id) {
            Some(row) => row,
            None => {
                let _turn = self.app.db.turn().await;
                session::Entity::find_by_id(id).one(&self.app.db.reader).await?
            }
        };
        let read = row.map(|row| CachedSession { row: Arc::new(row) });
        let known = self.recent.entry(id).or_insert(read).into_value();
        Ok(known.map(|known| known.row))
    }

    fn touch(&self, session: &session::Model, now: Timestamp) {
        let used = session::Model { last_used_at: now, ..session.clone() };
        self.remember(used.clone());
        self.app.feed.append_or_drop(UseSession { row: used });
    }

    /// Caches a use of the session, unless it has ended since it was read.
    fn remember(&self, used: session::Model) {
        self.recent.entry(used.id).and_upsert_with(|before| match before.map(|entry| entry.into_value()) {
            Some(None) => None,
            Some(Some(known)) => Some(CachedSession { row: Arc::new(later(&known.row, used)) }),
            None => Some(CachedSession { row: Arc::new(used) }),
        });
    }
}

/// Merges two uses of a session, in any order.
fn later(one: &session::Model, mut other: session::Model) -> session::Model {
    other.last_used_at = other.last_used_at.max(one.last_used_at);
    other.expires_at = other.expires_at.max(one.expires_at);
    other
}

/// Stores when a session was last used and when it expires. An ended session stays ended.
struct UseSession {
    row: session::Model,
}

impl Change for UseSession {
    type Answer = ();
    type Write = session::Model;
    const RANK: Rank = Rank::Housekeeping;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = changes.iter().map(|change| change.row.id);
        let open = session::Entity::find().filter(session::Column::Id.is_in(ids)).all(tx).await?;
        let mut open: HashMap<SessionId, session::Model> = open.into_iter().map(|row| (row.id, row)).collect();
        let plan = |change: &Self| {
            let row = open.get_mut(&change.row.id).ok_or(Error::Unauthenticated)?;
            *row = later(row, change.row.clone());
            Ok(Plan::Write { write: row.clone(), events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<session::Model>>) -> Writes<Self> {
        let answers = writes.iter().map(|_| Written::silent(())).collect();
        // The last state of each session.
        let rows: HashMap<SessionId, session::Model> =
            writes.into_iter().map(|placed| (placed.write.id, placed.write)).collect();
        for row in rows.into_values() {
            note_use(tx, &row).await?;
        }
        Ok(answers)
    }
}

/// An update and not an upsert: another change of the same batch may have ended the session, which must not come back.
pub(super) async fn note_use(tx: &Tx, row: &session::Model) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::LastUsedAt, row.last_used_at.into())
        .col_expr(session::Column::ExpiresAt, row.expires_at.into())
        .filter(session::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}
