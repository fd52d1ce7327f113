//! Disables and enables accounts for the operator, and suspends them for moderators. To other people a disabled account looks the same.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::devices::end_all;
use crate::accounts::{Accounts, Moderator, is_moderator};
use crate::audit::{AuditAction, Operator};
use crate::db::Tx;
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{Answers, Quiet, Rank};
use crate::id::{SessionId, UserId};

impl Accounts {
    /// Disables an account: the person can't sign in, and all of their sessions end. Idempotent.
    pub async fn disable_for_operator(&self, by: &Operator, user: UserId) -> Result<()> {
        let done = [by.record(AuditAction::UserDisabled, user)];
        for session in self.app.feed.append_recorded(SetDisabled { user, is_disabled: true }, done).await? {
            self.ended(session);
        }
        Ok(())
    }

    /// Likewise for a moderator: `Forbidden` if the person is one too.
    pub async fn suspend(&self, moderator: Moderator, user: UserId) -> Result<()> {
        if is_moderator(&self.app.db.reader, user).await? {
            return Err(Error::Forbidden);
        }
        let done = [moderator.record(AuditAction::UserDisabled, user)];
        for session in self.app.feed.append_recorded(SetDisabled { user, is_disabled: true }, done).await? {
            self.ended(session);
        }
        Ok(())
    }

    /// Enables a disabled account. Idempotent.
    pub async fn enable_for_operator(&self, by: &Operator, user: UserId) -> Result<()> {
        let done = [by.record(AuditAction::UserEnabled, user)];
        self.app.feed.append_recorded(SetDisabled { user, is_disabled: false }, done).await?;
        Ok(())
    }
}

#[derive(Clone)]
struct SetDisabled {
    user: UserId,
    is_disabled: bool,
}

impl Quiet for SetDisabled {
    /// The sessions that ended.
    type Answer = Vec<SessionId>;
    const RANK: Rank = Rank::Endings;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let mut ended = Vec::with_capacity(changes.len());
        for SetDisabled { user, is_disabled } in changes {
            user::Entity::update_many()
                .col_expr(user::Column::DisabledAt, is_disabled.then_some(tx.now).into())
                .filter(user::Column::Id.eq(user))
                .exec(tx)
                .await?;
            ended.push(if is_disabled { end_all(tx, user, None).await? } else { Vec::new() });
        }
        Ok(ended)
    }
}
