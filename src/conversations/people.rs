//! Who can be written to, and be put into groups.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::db;
use crate::entity::user;
use crate::id::UserId;

/// Those of these people who exist and are not erased.
pub(super) async fn reachable(
    db: &impl ConnectionTrait,
    people: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<UserId>, DbErr> {
    let people: HashSet<UserId> = people.into_iter().collect();
    let people: Vec<UserId> = people.into_iter().collect();
    let mut found = HashSet::with_capacity(people.len());
    // A batch of changes may name more than a statement takes.
    for people in people.chunks(db::VALUES) {
        let rows = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(people.iter().copied()))
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<UserId>()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}
