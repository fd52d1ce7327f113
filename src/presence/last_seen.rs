//! Stores when people were last seen.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::user;
use crate::feed::{Answers, Quiet, Rank};
use crate::id::UserId;

/// A person came online or went offline.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) user: UserId,
    pub(super) at: Timestamp,
}

impl Quiet for Seen {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, all: Vec<Self>) -> Answers<Self> {
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
