//! Blocking people.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::directory;
use crate::error::Error;
use crate::feed::Event;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::paging::{self, PageCursor};
use crate::graphql::schema::user_pages::{UserConnection, UserTotals, user_connection};
use crate::graphql::schema::users::User;
use crate::graphql::written::AsJson;
use crate::id::UserId;
use crate::limits;

/// You blocked a user, or do so no longer. Only the one who blocks receives it, on all devices.
#[derive(SimpleObject)]
pub(super) struct BlockChanged {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// The user.
    user: User,
    /// Whether you have blocked them since.
    blocked: bool,
}

impl BlockChanged {
    pub(super) fn of(event: &Event, cursor: String, user: User) -> Self {
        Self { cursor, user, blocked: directory::began(event.fact.detail.as_deref()) }
    }
}

/// Queries about blocks.
#[derive(Default)]
pub(super) struct BlocksQuery;

#[Object]
impl BlocksQuery {
    /// The users whom you have blocked, ordered by name. Erased users stay in it until you unblock them. Pages have 1 to 100
    /// users. Codes: BAD_USER_INPUT.
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the user with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<UserConnection>> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let after = paging::cursor(ctx.app()?.feed.seal(), "after", after.as_deref(), PageCursor::user)?;
        let page = directory::blocked(ctx.app()?, viewer, first, after).await?;
        user_connection(ctx, page, UserTotals::Blocked(viewer.clone()))
    }
}

/// Mutations of blocks.
#[derive(Default)]
pub(super) struct BlocksMutation;

#[Object]
impl BlocksMutation {
    /// Blocks a user. From then on neither of you can begin a conversation with the other, write in the direct one
    /// (FORBIDDEN), add the other to a group, call the other, find the other in `users`, or see the other typing or
    /// online. In groups that both are in, messages still come to both: hide those of `blockedUsers`. The other is not notified.
    /// Again is no change. Up to 5,000 users; a burst of 60 and then one every 2 seconds. Codes: NOT_FOUND, BAD_USER_INPUT,
    /// RATE_LIMITED.
    async fn block_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the user.")] user_id: ID,
    ) -> Result<User> {
        Ok(directory::block(ctx.app()?, ctx.viewer()?, known_id(&user_id)?).await?.into())
    }

    /// Ends a block. Of a user whom you have not blocked, it is no change. It shares the rate of `blockUser`. Codes:
    /// NOT_FOUND, RATE_LIMITED.
    async fn unblock_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the user.")] user_id: ID,
    ) -> Result<User> {
        Ok(directory::unblock(ctx.app()?, ctx.viewer()?, known_id(&user_id)?).await?.into())
    }
}

/// A malformed id is nobody's.
fn known_id(id: &ID) -> Result<UserId> {
    UserId::parse(id).ok_or(Failure(Error::NotFound))
}
