//! Ends everything that a person is signed in with: sessions, and the app's tokens that were issued until now.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::accounts::devices::end_all;
use crate::accounts::{Accounts, UsersKey};
use crate::audit::{AuditAction, AuditRecord, Operator};
use crate::bus::Signal;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};

impl Accounts {
    /// Ends a person's sessions and sockets, and refuses the app's tokens that were issued before now. How many sessions.
    pub async fn end_sessions(&self, key: UsersKey, user: UserId) -> Result<usize> {
        self.app.rates.key_changes.take(&key.id())?;
        let ended = self.sign_out(user, key.record(AuditAction::UserSignedOut, user)).await?;
        tracing::info!(event = "session.revoked", user.id = %user, key.id = %key.id(), sessions = ended, "signed out by a key");
        Ok(ended)
    }

    /// Likewise for the operator.
    pub async fn sign_out_for_operator(&self, by: &Operator, user: UserId) -> Result<usize> {
        let ended = self.sign_out(user, by.record(AuditAction::UserSignedOut, user)).await?;
        tracing::info!(event = "session.revoked", user.id = %user, sessions = ended, "signed out by the operator");
        Ok(ended)
    }

    async fn sign_out(&self, user: UserId, done: AuditRecord) -> Result<usize> {
        let ended = self.app.feed.append_recorded(SignOut { user }, [done]).await?;
        for session in &ended {
            self.ended(*session);
        }
        self.tokens_ended(user);
        Ok(ended.len())
    }

    /// Lets all nodes know that the tokens of a person no longer count: their sockets close, and what is cached of the
    /// person is read again.
    pub fn tokens_ended(&self, user: UserId) {
        self.tokens_ended_here(user);
        self.app.bus.send(Signal::TokensEnded(Uuid::from_bytes(*user.as_bytes())));
    }

    pub(in crate::accounts) fn tokens_ended_here(&self, user: UserId) {
        if let Some(issuer) = &self.app_issuer {
            issuer.ended.insert(user, self.app.clock.now());
            self.live.end_tokens(user);
        }
    }

    /// When a person's tokens were ended, if that was a moment ago.
    pub(in crate::accounts) fn tokens_were_ended(&self, user: UserId) -> Option<Timestamp> {
        self.app_issuer.as_ref()?.ended.get(&user)
    }
}

struct SignOut {
    user: UserId,
}

impl Change for SignOut {
    /// The sessions that ended.
    type Answer = Vec<SessionId>;
    type Write = UserId;
    const RANK: Rank = Rank::Endings;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let there = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(changes.iter().map(|change| change.user)))
            .into_tuple::<UserId>();
        let there: HashSet<UserId> = there.all(tx).await?.into_iter().collect();
        let plan = |change: &Self| match there.contains(&change.user) {
            true => Ok(Plan::Write { write: change.user, events: 0 }),
            false => Err(Error::NotFound),
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<UserId>>) -> Writes<Self> {
        let ids = writes.iter().map(|placed| placed.write);
        user::Entity::update_many()
            .col_expr(user::Column::TokensFrom, Some(tx.now).into())
            .filter(user::Column::Id.is_in(ids))
            .exec(tx)
            .await?;
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: user, .. } in writes {
            written.push(Written::silent(end_all(tx, user, None).await?));
        }
        Ok(written)
    }
}
