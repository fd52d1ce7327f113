//! Stores when people were last seen.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::clock::Timestamp;
use crate::entity::user;
use crate::error::Result;
use crate::feed::{Quiet, Rank};
use crate::id::UserId;

/// A person came online or went offline.
pub(super) struct Seen {
    pub(super) user: UserId,
    pub(super) at: Timestamp,
}

impl Quiet for Seen {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &DatabaseTransaction, _: Timestamp, all: Vec<Self>) -> Result<Vec<()>, DbErr> {
        let mut people: HashMap<Timestamp, Vec<UserId>> = HashMap::new();
        for seen in &all {
            people.entry(seen.at).or_default().push(seen.user);
        }
        // One statement per millisecond in which somebody came or went.
        for (at, people) in people {
            user::Entity::update_many()
                .col_expr(user::Column::LastSeenAt, at.into())
                .filter(user::Column::Id.is_in(people))
                // Nothing is stored about erased people.
                .filter(user::Column::DeletedAt.is_null())
                .exec(tx)
                .await?;
        }
        Ok(vec![(); all.len()])
    }
}
