//! Ids that something has: no two objects have the same one, whatever their types.

use std::collections::HashSet;

use sea_orm::sea_query::UnionType;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::HotSource;
use crate::entity::{conversation, image, message, session, user};
use crate::id::MessageId;

/// Those of these ids that an object has which clients can see. One statement, which looks them up in each table by its key.
pub async fn ids_in_use(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    macro_rules! among {
        ($table:ident) => {
            $table::Entity::find()
                .select_only()
                .column($table::Column::Id)
                .filter($table::Column::Id.is_in(ids.iter().copied()))
        };
    }
    let mut all = among!(conversation);
    for others in [
        among!(message).into_query(),
        among!(user).into_query(),
        among!(image).into_query(),
        among!(session).into_query(),
    ] {
        QuerySelect::query(&mut all).union(UnionType::All, others);
    }
    Ok(all.into_tuple::<Uuid>().all(db).await?.into_iter().collect())
}

/// Those of these ids of new messages that an object other than a message has.
pub async fn message_ids_in_use(db: &impl HotSource, ids: &[MessageId]) -> Result<HashSet<MessageId>, DbErr> {
    if let Some(hot) = db.hot() {
        let used = ids.iter().filter_map(|id| match hot.is_in_use(*id) {
            Ok(is_used) => is_used.then_some(Ok(*id)),
            Err(error) => Some(Err(error)),
        });
        return used.collect();
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from(*id)).collect();
    Ok(ids_in_use(db, &ids).await?.into_iter().map(MessageId::from).collect())
}
