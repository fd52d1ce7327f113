//! Closes an account: deletes everything that allows signing in, or identifies the person.

use std::collections::HashSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::accounts::{self, ERASED_NAME};
use crate::db::{self, Tx};
use crate::entity::{consumer, erasure, server_role, session, user, user_block};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};
use crate::{audit, exports, images};

/// Closes a person's account. Idempotent.
pub(super) struct Close {
    pub(super) user: UserId,
}

impl Change for Close {
    /// The sessions that ended.
    type Answer = Vec<SessionId>;
    type Write = UserId;
    const RANK: Rank = Rank::Departures;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = changes.iter().map(|change| change.user);
        let living = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(ids))
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<UserId>();
        let mut living: HashSet<UserId> = living.all(tx).await?.into_iter().collect();
        let plan = |Self { user }: &Self| {
            Ok(match living.remove(user) {
                true => Plan::Write { write: *user, events: 0 },
                false => Plan::Done(Vec::new()),
            })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<UserId>>) -> Writes<Self> {
        let ids = || writes.iter().map(|placed| placed.write);
        // Read here and not in `plan`: another change of this batch may have begun a session.
        let sessions = session::Entity::find().filter(session::Column::UserId.is_in(ids())).all(tx).await?;
        session::Entity::delete_many().filter(session::Column::UserId.is_in(ids())).exec(tx).await?;
        consumer::Entity::delete_many().filter(consumer::Column::UserId.is_in(ids())).exec(tx).await?;
        audit::remove_sign_ins(tx, ids()).await?;
        user::Entity::update_many()
            .col_expr(user::Column::FullName, ERASED_NAME.into())
            .col_expr(user::Column::NameKey, accounts::search_key(ERASED_NAME).into())
            .col_expr(user::Column::Email, Expr::value(None::<String>))
            .col_expr(user::Column::PasswordHash, Expr::value(None::<String>))
            .col_expr(user::Column::ContactEmail, Expr::value(None::<String>))
            .col_expr(user::Column::Metadata, Expr::value(None::<String>))
            .col_expr(user::Column::LastSeenAt, Expr::value(None::<i64>))
            .col_expr(user::Column::UpdatedAt, tx.now.into())
            .col_expr(user::Column::DeletedAt, tx.now.into())
            .filter(user::Column::Id.is_in(ids()))
            .exec(tx)
            .await?;
        accounts::remove_name_parts(tx, ids().collect()).await?;
        user_block::Entity::delete_many().filter(user_block::Column::BlockerId.is_in(ids())).exec(tx).await?;
        server_role::Entity::delete_many().filter(server_role::Column::UserId.is_in(ids())).exec(tx).await?;
        for user in ids() {
            images::erase(tx, user).await?;
            exports::erase(tx, user).await?;
        }
        let under_way = ids().map(|user_id| erasure::Model { user_id, erased_at: tx.now, published_position: None });
        db::insert(tx, under_way.collect()).await?;
        let written = ids().map(|user| {
            let own = sessions.iter().filter(|session| session.user_id == user);
            Written::silent(own.map(|session| session.id).collect())
        });
        Ok(written.collect())
    }
}
