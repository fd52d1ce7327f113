//! The sidebar: a person's conversations, by last activity.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::app::App;
use crate::conversations::membership::current_rows;
use crate::entity::{conversation, membership};
use crate::error::Result;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::page::Page;

/// A person's conversations, the most recent activity first; `after` is the active position of the one before the page.
pub async fn list(app: &App, user: UserId, first: u32, after: Option<Position>) -> Result<Page<conversation::Model>> {
    let mine = current_rows()
        .filter(membership::Column::UserId.eq(user))
        .select_only()
        .column(membership::Column::ConversationId);
    let all = conversation::Entity::find().filter(conversation::Column::Id.in_subquery(mine.into_query()));
    let place = conversation::Column::ActivePosition;
    let has_previous = match after {
        Some(after) => all.clone().filter(place.gte(after)).limit(1).one(&app.db.reader).await?.is_some(),
        None => false,
    };
    let rows = all
        .filter(Condition::all().add_option(after.map(|after| place.lt(after))))
        .order_by_desc(place)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    Ok(Page::cut(rows, first, has_previous))
}

/// The ids of so many of a person's conversations, in no order.
pub async fn ids_of(app: &App, user: UserId, limit: u64) -> Result<Vec<ConversationId>> {
    let mine = current_rows().filter(membership::Column::UserId.eq(user)).limit(limit);
    Ok(mine.select_only().column(membership::Column::ConversationId).into_tuple().all(&app.db.reader).await?)
}

/// Conversations by their ids, in no order. Whoever asks has seen to it that they may be seen.
pub async fn by_ids(app: &App, ids: &[ConversationId]) -> Result<Vec<conversation::Model>> {
    Ok(conversation::Entity::find()
        .filter(conversation::Column::Id.is_in(ids.iter().copied()))
        .all(&app.db.reader)
        .await?)
}
