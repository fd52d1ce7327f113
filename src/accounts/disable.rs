//! Keeps people from signing in, at the operator's word. Others see them as they were.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::Accounts;
use crate::accounts::devices::end_all;
use crate::db::Tx;
use crate::entity::user;
use crate::error::Result;
use crate::feed::{Answers, Quiet, Rank};
use crate::id::{SessionId, UserId};

impl Accounts {
    /// Keeps a person from signing in, and ends all of their sessions. Twice is once.
    pub async fn disable(&self, user: UserId) -> Result<()> {
        for session in self.app.feed.append(SetDisabled { user, is_disabled: true }).await? {
            self.ended(session);
        }
        Ok(())
    }

    /// Lets a person sign in again.
    pub async fn enable(&self, user: UserId) -> Result<()> {
        self.app.feed.append(SetDisabled { user, is_disabled: false }).await?;
        Ok(())
    }
}

#[derive(Clone)]
struct SetDisabled {
    user: UserId,
    is_disabled: bool,
}

impl Quiet for SetDisabled {
    /// The sessions that have ended.
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
