//! Search.

use async_graphql::{Context, Object};

use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::message_pages::message_connection;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::search::{Query, Scope};

/// A search's page when nothing is asked for.
const DEFAULT_FIRST: u32 = 20;

/// Queries that search.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Full-text search over the messages that you may read now, the newest first. A message is found when it has all
    /// words of the query, each at least as the beginning of one of its words; in scripts that do not part words by
    /// spaces (Chinese, Japanese, Thai …), in Korean and of emoji, when it has the same characters in a row, also a single one.
    /// Case, accents, vowel points and width make no difference, and no character means anything but itself. A query
    /// without a letter, digit or symbol finds nothing. To open a hit in its context, give its `seq` to
    /// `messages(aroundSeq:)`. Whoever is in more than 5,000 conversations searches those with the newest messages, and others
    /// one by one, with `conversation`. 30 searches at once and then 5 a second are taken, `users` counted in. Codes:
    /// BAD_USER_INPUT, RATE_LIMITED.
    async fn search_messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to find: up to 200 characters.")] query: String,
        #[graphql(desc = "Where; in all your conversations when left out.")] conversation: Option<ConversationRef>,
        #[graphql(default = 20, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the hit before the page: of a search, not of another list.")] after: Option<
            String,
        >,
    ) -> Result<RelayConnection<Message>> {
        let viewer = ctx.viewer()?;
        let query = Query::parse(&query)?;
        let first = paging::size("first", first)?.unwrap_or(DEFAULT_FIRST);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), PageCursor::hit)?;
        // What is no id names nothing.
        let scope = conversation.map_or(Scope::Everywhere, |by| by.parse().map_or(Scope::Nowhere, Scope::In));
        let page = ctx.program()?.search.find(viewer, &query, scope, first, after).await?;
        message_connection(ctx, page, |row| PageCursor::Hit { position: row.position }).await
    }
}
