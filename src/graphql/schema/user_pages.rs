//! Pages of users.

use async_graphql::{Context, Object};
use uuid::Uuid;

use crate::accounts::Viewer;
use crate::directory::{self, PeopleFilter};
use crate::entity::user;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::paging::{PageCursor, RelayConnection, RelayEdge, UnsealedCursor};
use crate::graphql::schema::users::User;
use crate::graphql::written::AsJson;
use crate::page::Page;

/// The fields of a list of users beside its page, by what the list is of.
pub(super) enum UserTotals {
    /// The people whom somebody finds.
    Found(PeopleFilter),
    /// Those whom somebody has blocked.
    Blocked(Viewer),
    /// They were counted before.
    Counted(u64),
}

/// A page of users, with the total.
pub(super) type UserConnection = RelayConnection<User, UserTotals>;

#[Object]
impl UserTotals {
    /// The number of users on all pages. It is counted only if this field is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(match self {
            Self::Found(search) => directory::count(ctx.app()?, search).await?,
            Self::Blocked(viewer) => directory::blocked_count(ctx.app()?, viewer).await?,
            Self::Counted(total) => *total,
        })
    }
}

/// Wraps a page of users who are ordered by name.
pub(super) fn user_connection(
    ctx: &Context<'_>,
    page: Page<user::Model>,
    totals: UserTotals,
) -> Result<AsJson<UserConnection>> {
    let seal = ctx.app()?.feed.seal();
    let mut list = RelayConnection::with_additional_fields(page.has_previous, page.has_next, totals);
    list.edges.extend(page.items.into_iter().map(|row| {
        let cursor = PageCursor::User { name_key: row.name_key.clone(), id: Uuid::from_bytes(*row.id.as_bytes()) };
        RelayEdge::new(UnsealedCursor::new(cursor, seal), row.into())
    }));
    Ok(list.into())
}
