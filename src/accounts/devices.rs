//! The sessions of a person: listing and ending them.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::{Accounts, Viewer};
use crate::app::App;
use crate::db::Tx;
use crate::entity::session;
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};
use crate::limits;

/// The viewer's open sessions, most recently used first.
pub async fn sessions(app: &App, viewer: &Viewer) -> Result<Vec<session::Model>> {
    let open = session::Entity::find()
        .filter(session::Column::UserId.eq(viewer.user()))
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
        self.end(viewer, SessionSelection::One(session)).await?;
        Ok(())
    }

    /// Ends all of the viewer's sessions except the current one, and returns how many.
    pub async fn revoke_others(&self, viewer: &Viewer) -> Result<usize> {
        self.end(viewer, SessionSelection::AllBut(viewer.session())).await
    }

    async fn end(&self, viewer: &Viewer, which: SessionSelection) -> Result<usize> {
        let ended = self.app.feed.append(EndSessions { user: viewer.user(), which }).await?;
        for session in &ended {
            self.ended(*session);
        }
        let user = viewer.user();
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
