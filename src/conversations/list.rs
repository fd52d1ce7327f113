//! The sidebar: the viewer's conversations by last activity.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::membership::{Membership, current_rows};
use crate::entity::{conversation, membership};
use crate::error::Result;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::page::Page;

/// One of the viewer's conversations.
#[derive(Clone, Debug)]
pub struct ListedConversation {
    /// The conversation.
    pub row: conversation::Model,
    /// The viewer's membership in it, if it was read with it.
    pub own: Option<Membership>,
}

/// The viewer's conversations, most recently active first; `after` is the active position of the last one on the
/// previous page.
pub async fn list(app: &App, viewer: &Viewer, first: u32, after: Option<Position>) -> Result<Page<ListedConversation>> {
    if after.is_none()
        && let Some(rows) = app.db.hot.most_active(viewer.user(), first.saturating_add(1))
    {
        let listed = |(row, conversation): (_, conversation::Model)| {
            let own = Some(Membership::of_rows(viewer, row, conversation.clone()));
            ListedConversation { row: conversation, own }
        };
        return Ok(Page::cut(rows, first, false).map(listed));
    }
    let all = of(viewer);
    let activity = conversation::Column::ActivePosition;
    let has_previous = match after {
        Some(after) => all.clone().filter(activity.gte(after)).limit(1).one(&app.db.reader).await?.is_some(),
        None => false,
    };
    let rows = all
        .filter(Condition::all().add_option(after.map(|after| activity.lt(after))))
        .order_by_desc(activity)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    Ok(Page::cut(rows, first, has_previous).map(|row| ListedConversation { row, own: None }))
}

/// The ids of the viewer's most recently active conversations, each with its active position. No message of a
/// conversation has a higher position.
pub async fn most_active(app: &App, viewer: &Viewer, limit: u64) -> Result<Vec<(ConversationId, Position)>> {
    let most_active = of(viewer)
        .select_only()
        .columns([conversation::Column::Id, conversation::Column::ActivePosition])
        .order_by_desc(conversation::Column::ActivePosition)
        .limit(limit);
    Ok(most_active.into_tuple().all(&app.db.reader).await?)
}

/// Conversations by id, in no particular order. The caller has checked that the viewer may see them.
pub async fn by_ids(app: &App, ids: &[ConversationId]) -> Result<Vec<conversation::Model>> {
    if let Some(conversations) = app.db.hot.conversations_by_ids(ids) {
        return Ok(conversations);
    }
    Ok(conversation::Entity::find()
        .filter(conversation::Column::Id.is_in(ids.iter().copied()))
        .all(&app.db.reader)
        .await?)
}

/// The conversations that the viewer is in.
fn of(viewer: &Viewer) -> sea_orm::Select<conversation::Entity> {
    let mine = current_rows()
        .filter(membership::Column::UserId.eq(viewer.user()))
        .select_only()
        .column(membership::Column::ConversationId);
    conversation::Entity::find().filter(conversation::Column::Id.in_subquery(mine.into_query()))
}
