//! The devices that a person is signed in on: a list of their sessions, and the end of them.

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

/// The viewer's open sessions, those that were used last first.
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
    /// Ends the viewer's session everywhere.
    pub async fn log_out(&self, viewer: &Viewer) -> Result<()> {
        match self.revoke(viewer, viewer.session()).await {
            // It has ended in the meantime, which is what was asked for.
            Ok(()) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends one of the viewer's sessions everywhere.
    pub async fn revoke(&self, viewer: &Viewer, session: SessionId) -> Result<()> {
        self.end(viewer, Which::One(session)).await?;
        Ok(())
    }

    /// Ends all of the viewer's sessions but the one by which they came; how many these were.
    pub async fn revoke_others(&self, viewer: &Viewer) -> Result<usize> {
        self.end(viewer, Which::AllBut(viewer.session())).await
    }

    async fn end(&self, viewer: &Viewer, which: Which) -> Result<usize> {
        let ended = self.app.feed.append(EndSessions { user: viewer.user(), which }).await?;
        for session in &ended {
            self.ended(*session);
        }
        tracing::info!(user.id = %viewer.user(), sessions = ended.len(), "signed out");
        Ok(ended.len())
    }
}

/// Ends sessions of a person.
#[derive(Clone)]
struct EndSessions {
    user: UserId,
    which: Which,
}

#[derive(Clone)]
enum Which {
    /// This one, or `NotFound`.
    One(SessionId),
    AllBut(SessionId),
}

impl Change for EndSessions {
    /// Those that have ended.
    type Answer = Vec<SessionId>;
    type Write = Self;
    const RANK: Rank = Rank::Endings;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let named = changes.iter().filter_map(|change| match change.which {
            Which::One(id) => Some(id),
            Which::AllBut(_) => None,
        });
        let open = session::Entity::find()
            .filter(session::Column::Id.is_in(named))
            .filter(session::Column::ExpiresAt.gt(tx.now))
            .all(tx)
            .await?;
        let mut open: HashMap<SessionId, UserId> = open.into_iter().map(|row| (row.id, row.user_id)).collect();
        let plan = |change: &Self| {
            if let Which::One(id) = change.which {
                // Somebody else's is as unknown as none.
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
                Which::One(id) => {
                    named.push(id);
                    vec![id]
                }
                Which::AllBut(kept) => end_all(tx, write.user, Some(kept)).await?,
            };
            written.push(Written::silent(ended));
        }
        end(tx, named).await?;
        Ok(written)
    }
}

/// Ends sessions by their ids.
pub(super) async fn end(tx: &Tx, sessions: Vec<SessionId>) -> Result<(), DbErr> {
    if !sessions.is_empty() {
        session::Entity::delete_many().filter(session::Column::Id.is_in(sessions)).exec(tx).await?;
    }
    Ok(())
}

/// Ends all sessions of a person but one; which these were. Those that began in the same batch are among them when the
/// change is of [`Rank::Endings`].
pub(super) async fn end_all(tx: &Tx, user: UserId, kept: Option<SessionId>) -> Result<Vec<SessionId>, DbErr> {
    let kept = kept.map(|kept| session::Column::Id.ne(kept));
    let ended = session::Entity::delete_many()
        .filter(Condition::all().add(session::Column::UserId.eq(user)).add_option(kept))
        .exec_with_returning(tx)
        .await?;
    Ok(ended.into_iter().map(|row| row.id).collect())
}
