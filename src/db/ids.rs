//! Ids that something has: no two objects have the same one, whatever their types.

use std::collections::HashSet;

use sea_orm::sea_query::UnionType;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::HotSource;
use crate::entity::{conversation, image, message, session, user};
use crate::id::MessageId;

/// The ids of one kind of objects that are among these.
macro_rules! among {
    ($table:ident, $ids:expr) => {
        $table::Entity::find()
            .select_only()
            .column($table::Column::Id)
            .filter($table::Column::Id.is_in($ids.iter().copied()))
    };
}

/// Those of these ids that an object has which clients can see. One statement, which looks them up in each table by its key.
pub async fn ids_in_use(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut all = in_use_but_by_messages(ids);
    QuerySelect::query(&mut all).union(UnionType::All, among!(message, ids).into_query());
    Ok(all.into_tuple::<Uuid>().all(db).await?.into_iter().collect())
}

fn in_use_but_by_messages(ids: &[Uuid]) -> Select<conversation::Entity> {
    let mut all = among!(conversation, ids);
    for others in [among!(user, ids).into_query(), among!(image, ids).into_query(), among!(session, ids).into_query()] {
        QuerySelect::query(&mut all).union(UnionType::All, others);
    }
    all
}

/// Those of these ids of new messages that an object other than a message has. Not those of messages: one with such an id may
/// be committed after it was looked for, and then this is a retry.
pub async fn message_ids_in_use(db: &impl HotSource, ids: &[MessageId]) -> Result<HashSet<MessageId>, DbErr> {
    if let Some(hot) = db.hot() {
        let used = ids.iter().filter_map(|id| match hot.is_in_use(*id) {
            Ok(is_used) => is_used.then_some(Ok(*id)),
            Err(error) => Some(Err(error)),
        });
        return used.collect();
    }
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from(*id)).collect();
    let used: Vec<Uuid> = in_use_but_by_messages(&ids).into_tuple().all(db).await?;
    Ok(used.into_iter().map(MessageId::from).collect())
}
