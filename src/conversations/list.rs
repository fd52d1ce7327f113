//! The sidebar: a person's conversations, by last activity.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::membership::current_rows;
use crate::entity::{conversation, membership};
use crate::error::Result;
use crate::id::{ConversationId, UserId};
use crate::page::Page;

/// The place of a conversation in the sidebar.
pub type Activity = (Timestamp, ConversationId);

/// A person's conversations, the most recent activity first; `after` is the place before the page.
pub async fn list(app: &App, user: UserId, first: u32, after: Option<Activity>) -> Result<Page<conversation::Model>> {
    let mine = current_rows()
        .filter(membership::Column::UserId.eq(user))
        .select_only()
        .column(membership::Column::ConversationId);
    let mine = Expr::col(conversation::Column::Id).in_subquery(sea_orm::QueryTrait::into_query(mine));
    let all = conversation::Entity::find().filter(mine);
    let place = || Expr::tuple([Expr::col(conversation::Column::ActiveAt), Expr::col(conversation::Column::Id)]);
    let given = |(active, id): Activity| Expr::tuple([Expr::val(active), Expr::val(id)]);
    let has_previous = match after {
        Some(after) => all.clone().filter(place().gte(given(after))).limit(1).one(&app.db.reader).await?.is_some(),
        None => false,
    };
    let rows = all
        .filter(Condition::all().add_option(after.map(|after| place().lt(given(after)))))
        .order_by_desc(conversation::Column::ActiveAt)
        .order_by_desc(conversation::Column::Id)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    Ok(Page::cut(rows, first, has_previous))
}

/// Conversations by their ids, in no order. Whoever asks has seen to it that they may be seen.
pub async fn by_ids(app: &App, ids: &[ConversationId]) -> Result<Vec<conversation::Model>> {
    Ok(conversation::Entity::find()
        .filter(conversation::Column::Id.is_in(ids.iter().copied()))
        .all(&app.db.reader)
        .await?)
}
