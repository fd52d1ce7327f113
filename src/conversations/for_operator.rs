//! What the operator sees: every conversation and its members.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::membership::{Members, members_after};
use super::{Sight, by_ids};
use crate::app::App;
use crate::audit::Operator;
use crate::entity::conversation;
use crate::error::Result;
use crate::id::{ConversationId, UserId};
use crate::page::Page;

/// All conversations, the oldest first. `after` is the last one of the page before.
pub async fn page_for_operator(
    app: &App,
    _: &Operator,
    first: u32,
    after: Option<ConversationId>,
) -> Result<Page<conversation::Model>> {
    let all = conversation::Entity::find().order_by_asc(conversation::Column::Id).limit(u64::from(first) + 1);
    let page = match after {
        Some(after) => all.filter(conversation::Column::Id.gt(after)),
        None => all,
    };
    Ok(Page::cut(page.all(&app.db.reader).await?, first, after.is_some()))
}

/// A conversation by id.
pub async fn find_for_operator(app: &App, _: &Operator, id: ConversationId) -> Result<Option<conversation::Model>> {
    Ok(by_ids(app, &[id]).await?.pop())
}

/// Its members, the oldest first, after one of them: their position and id.
pub async fn members_for_operator(
    app: &App,
    _: &Operator,
    conversation: &conversation::Model,
    first: u32,
    after: Option<(i64, UserId)>,
) -> Result<Members> {
    // Positions begin at 1.
    let before_all = (0, UserId::from(uuid::Uuid::nil()));
    members_after(app, Sight::new(conversation), first, after.unwrap_or(before_all)).await
}
