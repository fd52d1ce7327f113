//! Ids that something has: no two objects have the same one, whatever their types.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::{conversation, image, message, session, user};

/// Those of these ids that an object has which clients can see.
pub async fn ids_in_use(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let mut used = HashSet::new();
    if ids.is_empty() {
        return Ok(used);
    }
    macro_rules! look_in {
        ($($table:ident),+) => {$(
            let found = $table::Entity::find()
                .select_only()
                .column($table::Column::Id)
                .filter($table::Column::Id.is_in(ids.iter().copied()))
                .into_tuple::<Uuid>();
            used.extend(found.all(db).await?);
        )+};
    }
    look_in!(conversation, message, user, image, session);
    Ok(used)
}
