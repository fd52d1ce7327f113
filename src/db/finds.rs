//! What the hot changes read by its key, either way.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::HotSource;
use crate::entity::conversation::DirectPair;
use crate::entity::{conversation, message};
use crate::id::{ConversationId, MessageId};

/// The messages with these ids.
pub async fn messages(
    db: &impl HotSource,
    ids: impl IntoIterator<Item = MessageId>,
) -> Result<Vec<message::Model>, DbErr> {
    let ids: Vec<MessageId> = ids.into_iter().collect();
    match db.hot() {
        Some(hot) => hot.messages(&ids),
        None => message::Entity::find().filter(message::Column::Id.is_in(ids)).all(db).await,
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
        None => conversation::Entity::find().filter(conversation::Column::Id.is_in(ids)).all(db).await,
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
        None => conversation::Entity::find().filter(conversation::Column::DirectPair.is_in(pairs)).all(db).await,
    }
}
