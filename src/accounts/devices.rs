//! The sessions of a person: listing and ending them.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::{Accounts, Viewer};
use crate::app::App;
use crate::audit::{AuditAction, AuditRecord, Operator};
use crate::db::Tx;
use crate::entity::session;
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};
use crate::limits;

/// The viewer's open sessions, most recently used first.
pub async fn sessions(app: &App, viewer: &Viewer) -> Result<Vec<session::Model>> {
    sessions_for_operator(app, viewer.user()).await
}

/// Likewise, of anybody.
pub async fn sessions_for_operator(app: &App, user: UserId) -> Result<Vec<session::Model>> {
    let open = session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::ExpiresAt.gt(app.clock.now()))
        .order_by_desc(session::Column::LastUsedAt)
        .order_by_desc(session::Column::Id)
        .limit(limits::SESSIONS_PER_USER as u64);
    Ok(open.all(&app.db.reader).await?)
}

impl Accounts {
    /// Ends the viewer's current session.
    pub async fn log_out(&self, viewer: &Viewer) -> Result<()> {
        if !viewer.has_session() {
            // It would go on to work: the app ends what it has issued, with `endSessions`.
            return Err(Error::Forbidden);
        }
        match self.revoke(viewer, viewer.session()).await {
            // It has ended in the meantime, which is what the caller wanted.
            Ok(()) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends one of the viewer's sessions.
    pub async fn revoke(&self, viewer: &Viewer, session: SessionId) -> Result<()> {
        self.end(viewer.user(), SessionSelection::One(session), None).await?;
        Ok(())
    }

    /// Ends one session of somebody: `NotFound` if they have none with this id.
    pub async fn revoke_session_for_operator(&self, by: &Operator, user: UserId, session: SessionId) -> Result<()> {
        let done = by.record(AuditAction::UserSignedOut, user);
        self.end(user, SessionSelection::One(session), Some(done)).await?;
        Ok(())
    }

    /// Ends all of the viewer's sessions except the current one, and returns how many.
    pub async fn revoke_others(&self, viewer: &Viewer) -> Result<usize> {
        self.end(viewer.user(), SessionSelection::AllBut(viewer.session()), None).await
    }

    async fn end(&self, user: UserId, which: SessionSelection, done: Option<AuditRecord>) -> Result<usize> {
        let ended = self.app.feed.append_recorded(EndSessions { user, which }, done).await?;
        for session in &ended {
            self.ended(*session);
        }
        tracing::info!(event = "session.revoked", user.id = %user, sessions = ended.len(), "{user} signed out");
        Ok(ended.len())
    }
}

/// Ends sessions of a person.
#[derive(Clone)]
struct EndSessions {
    user: UserId,
    which: SessionSelection,
}

#[derive(Clone)]
enum SessionSelection {
    /// This one. `NotFound` if it is not an open session of the person.
    One(SessionId),
    AllBut(SessionId),
}

impl Change for EndSessions {
    /// The sessions that ended.
    type Answer = Vec<SessionId>;
    type Write = Self;
    const RANK: Rank = Rank::Endings;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let named = changes.iter().filter_map(|change| match change.which {
            SessionSelection::One(id) => Some(id),
            SessionSelection::AllBut(_) => None,
        });
        let open = session::Entity::find()
            .filter(session::Column::Id.is_in(named))
            .filter(session::Column::ExpiresAt.gt(tx.now))
            .all(tx)
            .await?;
        let mut open: HashMap<SessionId, UserId> = open.into_iter().map(|row| (row.id, row.user_id)).collect();
        let plan = |change: &Self| {
            if let SessionSelection::One(id) = change.which {
                // A session of somebody else gets the same answer as one that does not exist.
                if open.get(&id) != Some(&change.user) {
                    return Err(Error::NotFound);
                }
                open.remove(&id);
            }
            Ok(Plan::Write { write: change.clone(), events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        let mut named = Vec::new();
        for Placed { write, .. } in writes {
            let ended = match write.which {
                SessionSelection::One(id) => {
                    named.push(id);
                    vec![id]
                }
                SessionSelection::AllBut(kept) => end_all(tx, write.user, Some(kept)).await?,
            };
            written.push(Written::silent(ended));
        }
        end(tx, named).await?;
        Ok(written)
    }
}

/// Ends sessions by id.
pub(super) async fn end(tx: &Tx, sessions: Vec<SessionId>) -> Result<(), DbErr> {
    if !sessions.is_empty() {
        session::Entity::delete_many().filter(session::Column::Id.is_in(sessions)).exec(tx).await?;
    }
    Ok(())
}

/// Ends all sessions of a person except `kept`, and returns their ids. In a change of [`Rank::Endings`] this includes
/// sessions that began in the same batch.
pub(super) async fn end_all(tx: &Tx, user: UserId, kept: Option<SessionId>) -> Result<Vec<SessionId>, DbErr> {
    let kept = kept.map(|kept| session::Column::Id.ne(kept));
    let ended = session::Entity::delete_many()
        .filter(Condition::all().add(session::Column::UserId.eq(user)).add_option(kept))
        .exec_with_returning(tx)
        .await?;
    Ok(ended.into_iter().map(|row| row.id).collect())
}
