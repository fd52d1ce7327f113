//! Writes down when people were last seen.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::clock::Timestamp;
use crate::entity::user;
use crate::error::Result;
use crate::feed::{Change, Placed, Plan, Rank, Written};
use crate::id::UserId;

/// A person came or went.
pub(super) struct Seen {
    pub(super) user: UserId,
    pub(super) at: Timestamp,
}

impl Change for Seen {
    type Answer = ();
    type Write = Self;
    const RANK: Rank = Rank::Housekeeping;

    async fn plan(_: &DatabaseTransaction, _: Timestamp, changes: Vec<Self>) -> Result<Vec<Result<Plan<Self>>>, DbErr> {
        Ok(changes.into_iter().map(|change| Ok(Plan::Write { write: change, events: 0 })).collect())
    }

    async fn write(
        tx: &DatabaseTransaction,
        _: Timestamp,
        writes: Vec<Placed<Self>>,
    ) -> Result<Vec<Written<Self>>, DbErr> {
        let mut people: HashMap<Timestamp, Vec<UserId>> = HashMap::new();
        for Placed { write, .. } in &writes {
            people.entry(write.at).or_default().push(write.user);
        }
        // A statement for each millisecond in which anybody came or went.
        for (at, people) in people {
            user::Entity::update_many()
                .col_expr(user::Column::LastSeenAt, at.into())
                .filter(user::Column::Id.is_in(people))
                // Of the erased nothing is kept.
                .filter(user::Column::DeletedAt.is_null())
                .exec(tx)
                .await?;
        }
        Ok(writes.iter().map(|_| Written::silent(())).collect())
    }
}
