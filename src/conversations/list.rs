//! The sidebar: the viewer's conversations by last activity.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::membership::{Membership, current_rows};
use crate::db::{SidebarRow, SidebarSelection};
use crate::entity::{conversation, membership, message};
use crate::error::Result;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::page::Page;

/// One of the viewer's conversations.
#[derive(Clone, Debug)]
pub struct ListedConversation {
    /// The conversation.
    pub row: Arc<conversation::Model>,
    /// The viewer's membership in it, if it was read with it, and so all that was asked for.
    pub own: Option<Membership>,
    /// What was read beside it: see [`SidebarRow`].
    pub newest: Option<Arc<message::Model>>,
    /// See [`SidebarRow`].
    pub uncounted: Option<i64>,
    /// See [`SidebarRow`].
    pub calls: Option<i64>,
}

impl ListedConversation {
    fn alone(row: conversation::Model) -> Self {
        Self { row: Arc::new(row), own: None, newest: None, uncounted: None, calls: None }
    }

    fn of_sidebar(viewer: &Viewer, row: SidebarRow) -> Self {
        let SidebarRow { own, conversation, newest, uncounted, calls } = row;
        let own = Membership::of_rows(viewer, own, conversation);
        Self { row: own.conversation_row(), own: Some(own), newest, uncounted, calls }
    }
}

/// The viewer's conversations, most recently active first; `after` is the active position of the last one on the
/// previous page. What is selected beside them is read with the first page, where that costs nothing.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    first: u32,
    after: Option<Position>,
    beside: SidebarSelection,
) -> Result<Page<ListedConversation>> {
    if after.is_none()
        && let Some(rows) = app.db.hot.sidebar(viewer.user(), first.saturating_add(1), beside)
    {
        return Ok(Page::cut(rows, first, false).map(|row| ListedConversation::of_sidebar(viewer, row)));
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
    Ok(Page::cut(rows, first, has_previous).map(ListedConversation::alone))
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
