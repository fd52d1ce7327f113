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
    let all = of(user);
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

/// The ids of so many of a person's conversations, the most recent activity first, each with its active position: none of
/// its messages is behind that.
pub async fn most_active(app: &App, user: UserId, limit: u64) -> Result<Vec<(ConversationId, Position)>> {
    let most_active = of(user)
        .select_only()
        .columns([conversation::Column::Id, conversation::Column::ActivePosition])
        .order_by_desc(conversation::Column::ActivePosition)
        .limit(limit);
    Ok(most_active.into_tuple().all(&app.db.reader).await?)
}

/// Conversations by their ids, in no order. Whoever asks has seen to it that they may be seen.
pub async fn by_ids(app: &App, ids: &[ConversationId]) -> Result<Vec<conversation::Model>> {
    Ok(conversation::Entity::find()
        .filter(conversation::Column::Id.is_in(ids.iter().copied()))
        .all(&app.db.reader)
        .await?)
}

/// What a person is in.
fn of(user: UserId) -> sea_orm::Select<conversation::Entity> {
    let mine = current_rows()
        .filter(membership::Column::UserId.eq(user))
        .select_only()
        .column(membership::Column::ConversationId);
    conversation::Entity::find().filter(conversation::Column::Id.in_subquery(mine.into_query()))
}
