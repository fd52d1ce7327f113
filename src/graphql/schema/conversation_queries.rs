//! Finding conversations.

use std::sync::Arc;

use async_graphql::{Context, Object};

use crate::conversations::{self, KeyReader};
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::Result;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::neighbours::{NeighbourSelection, Neighbours};
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::written::AsJson;
use crate::limits;

/// Queries about conversations.
#[derive(Default)]
pub(super) struct ConversationsQuery;

#[Object]
impl ConversationsQuery {
    /// Your conversations, the most recently active first. Pages have 1 to 100 conversations.
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the conversation with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<RelayConnection<Conversation>>> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| match cursor {
            PageCursor::Conversation { active_position } => Some(active_position),
            PageCursor::Message { .. }
            | PageCursor::Pin { .. }
            | PageCursor::Hit { .. }
            | PageCursor::User { .. }
            | PageCursor::Member { .. }
            | PageCursor::Reactor { .. }
            | PageCursor::Report { .. } => None,
        })?;
        let selected = NeighbourSelection::of(ctx);
        let mut page = conversations::list(ctx.app()?, viewer, first, after, selected.beside).await?;
        let mut neighbours = Neighbours::read(ctx, selected, &mut page.items).await?.into_iter();
        let page = paging::connection(seal, page, |listed| {
            let cursor = PageCursor::Conversation { active_position: listed.row.active_position };
            (cursor, Conversation::listed(listed, neighbours.next().unwrap_or_default()))
        });
        Ok(page.into())
    }

    /// A conversation of which you are a member; any conversation with a key of scope `conversations`. Null if there is
    /// none.
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] by: ConversationRef,
    ) -> Result<Option<AsJson<Conversation>>> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        if let Actor::Key(key) = actor {
            key.conversations()?;
        }
        let Some(reference) = by.find(ctx.app()?, ctx.is_by_key()).await? else { return Ok(None) };
        Ok(match actor {
            Actor::Viewer(viewer) => {
                let found = conversations::find_membership(app, viewer, reference).await?;
                found.map(|own| Conversation::of_member(Arc::new(own)).into())
            }
            Actor::Key(key) => {
                let key = KeyReader::Conversations(key.conversations()?);
                let found = conversations::find_by_key(app, key, reference).await?;
                found.map(|seen| Conversation::from(seen.into_row()).into())
            }
        })
    }
}
