//! The full-text search of messages.

use async_graphql::{Context, ID, Object};

use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::message_pages::message_connection;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::written::AsJson;
use crate::id::UserId;
use crate::search::{HitFilter, MessageSearch, Scope, Sought};

/// The size of a page if the client does not choose one.
const DEFAULT_FIRST: u32 = 20;

/// Queries that search messages.
#[derive(Default)]
pub(super) struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Full-text search in the messages that you may read now, newest first. A message matches if it contains all words
    /// of the query, each as a word or the beginning of one. In scripts without spaces between words (Chinese,
    /// Japanese, Thai …), in Korean and for emoji, it matches if it contains the same sequence of characters, even a
    /// single one. Words within a word are found too: "name" in `userName`. Case, accents, vowel points, width and the
    /// kind of kana are ignored, letters such as ł and ø are found by those that they resemble, and there are no operators.
    /// What has symbols in the query, as `C++`, `1/2` or `$5`, is found as it is written. A query without a letter, digit
    /// or symbol other than these matches nothing, whatever else is given. To show a hit in its context, pass its `seq` to
    /// `messages(aroundSeq:)`. If you are in more than 5,000 conversations, those with the newest messages are
    /// searched; search others one at a time with `conversation`. Searches, together with `users`, have a burst of 30
    /// and then 5 per second. Codes: BAD_USER_INPUT, RATE_LIMITED.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn search_messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The words to find, up to 200 characters.")] query: String,
        #[graphql(desc = "The conversation to search; all your conversations if left out.")] conversation: Option<
            ConversationRef,
        >,
        #[graphql(desc = "Only messages of this user.")] sender_id: Option<ID>,
        #[graphql(desc = "Only messages sent before this time.")] before: Option<DateTime>,
        #[graphql(desc = "Only messages sent at this time or later.")] since: Option<DateTime>,
        #[graphql(desc = "Only messages with an image, or without one.")] has_image: Option<bool>,
        #[graphql(default = 20, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the hit with this cursor, which must be of a search.")] after: Option<
            String,
        >,
    ) -> Result<AsJson<RelayConnection<Message>>> {
        let viewer = ctx.viewer()?;
        let query = MessageSearch::parse(&query)?;
        let first = paging::size("first", first)?.unwrap_or(DEFAULT_FIRST);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), PageCursor::hit)?;
        // A malformed id refers to nothing.
        let scope = match conversation {
            None => Scope::Everywhere,
            Some(by) => by.find(ctx.app()?, ctx.is_by_key()).await?.map_or(Scope::Nowhere, Scope::In),
        };
        let sender = sender_id.map(|id| UserId::parse(&id));
        let scope = if sender == Some(None) { Scope::Nowhere } else { scope };
        let filter = HitFilter {
            sender: sender.flatten(),
            before: before.map(|DateTime(at)| at),
            since: since.map(|DateTime(at)| at),
            has_image,
        };
        let page = ctx.program()?.search.find(viewer, &Sought { query, scope, filter }, first, after).await?;
        message_connection(ctx, page, |row| PageCursor::Hit { position: row.position }).await
    }
}
