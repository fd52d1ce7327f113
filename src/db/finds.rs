//! What the hot changes read by its key, either way.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Value};

use super::{HotSource, postgres};
use crate::entity::conversation::DirectPair;
use crate::entity::{conversation, message};
use crate::id::{ConversationId, MessageId};

/// Whether a column has one of these keys: for statements of every batch, whose text must not depend on their number on
/// PostgreSQL (see `postgres/rows`).
pub fn is_among<K: Into<Value>>(
    db: &impl ConnectionTrait,
    column: impl ColumnTrait,
    keys: impl IntoIterator<Item = K>,
) -> Result<Expr, DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => postgres::rows::is_among(column, keys.into_iter().map(Into::into)),
        _ => Ok(column.is_in(keys)),
    }
}

/// The messages with these ids.
pub async fn messages(
    db: &impl HotSource,
    ids: impl IntoIterator<Item = MessageId>,
) -> Result<Vec<message::Model>, DbErr> {
    let ids: Vec<MessageId> = ids.into_iter().collect();
    match db.hot() {
        Some(hot) => hot.messages(&ids),
        None => message::Entity::find().filter(is_among(db, message::Column::Id, ids)?).all(db).await,
    }
}

/// The conversations with these ids. Without ids it runs no statement.
pub async fn conversations(
    db: &impl HotSource,
    ids: impl IntoIterator<Item = ConversationId>,
) -> Result<Vec<conversation::Model>, DbErr> {
    let ids: Vec<ConversationId> = ids.into_iter().collect();
    match db.hot() {
        _ if ids.is_empty() => Ok(Vec::new()),
        Some(hot) => hot.conversations(&ids),
        None => conversation::Entity::find().filter(is_among(db, conversation::Column::Id, ids)?).all(db).await,
    }
}

/// The direct conversations of these pairs. Without pairs it runs no statement.
pub async fn direct_conversations(
    db: &impl HotSource,
    pairs: impl IntoIterator<Item = DirectPair>,
) -> Result<Vec<conversation::Model>, DbErr> {
    let pairs: Vec<DirectPair> = pairs.into_iter().collect();
    match db.hot() {
        _ if pairs.is_empty() => Ok(Vec::new()),
        Some(hot) => hot.directs(&pairs),
        None => {
            conversation::Entity::find().filter(is_among(db, conversation::Column::DirectPair, pairs)?).all(db).await
        }
    }
}
