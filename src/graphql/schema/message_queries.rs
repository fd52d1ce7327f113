//! Finding messages.

use async_graphql::{Context, ID, Object};

use crate::conversations::{self, KeyReader, KeySight, Membership};
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::Result;
use crate::graphql::schema::message_pages::{MessageWindow, history_page, message_connection};
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::schema::unread::UnreadSummary;
use crate::graphql::written::AsJson;
use crate::id::MessageId;
use crate::messages;

/// Queries about messages.
#[derive(Default)]
pub(super) struct MessagesQuery;

#[Object]
impl MessagesQuery {
    /// A page of a conversation's history, oldest first; without arguments the newest 50 messages. Use `first` with
    /// `after`, `last` with `before`, or `aroundSeq` for the messages around one, such as a search hit. The page is
    /// empty if you are not a member. A key of scope `messages` sees all histories.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] conversation: ConversationRef,
        #[graphql(desc = "The number of messages from the start or after `after`, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the message with this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of messages from the end or before `before`, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The page ends before the message with this cursor.")] before: Option<String>,
        #[graphql(desc = "A `seq`: the page is centered on this message or the nearest one.")] around_seq: Option<i32>,
    ) -> Result<AsJson<RelayConnection<Message>>> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let window = MessageWindow { first, after, last, before, around_seq };
        if let Actor::Key(key) = actor {
            key.messages()?;
        }
        let Some(reference) = conversation.find(ctx.app()?, ctx.is_by_key()).await? else {
            return history_page(ctx, None, window).await;
        };
        match actor {
            Actor::Viewer(viewer) => {
                let own = conversations::find_membership(app, viewer, reference).await?;
                history_page(ctx, own.as_ref().map(Membership::sight), window).await
            }
            Actor::Key(key) => {
                let key = KeyReader::Messages(key.messages()?);
                let seen = conversations::find_by_key(app, key, reference).await?;
                history_page(ctx, seen.as_ref().map(KeySight::sight), window).await
            }
        }
    }

    /// A message by id. Null if there is none that you may see. A key of scope `messages` sees all.
    async fn message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Option<AsJson<Message>>> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let parsed = MessageId::parse(&id);
        let found = match (actor, parsed) {
            (Actor::Viewer(viewer), Some(id)) => messages::find(app, viewer, id).await?,
            (Actor::Key(key), Some(id)) => messages::find_by_key(app, key.messages()?, id).await?,
            (Actor::Key(key), None) => key.messages().map(|_| None)?,
            (Actor::Viewer(_), None) => None,
        };
        Ok(found.map(|row| Message::from(row).into()))
    }

    /// Messages that call you, by name or with everybody since you joined, the newest first. Pages have 1 to 100 messages.
    async fn mentions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the message with this cursor, which must be of this list.")]
        after: Option<String>,
    ) -> Result<AsJson<RelayConnection<Message>>> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(20);
        let after = paging::cursor(ctx.app()?.feed.seal(), "after", after.as_deref(), PageCursor::hit)?;
        let page = messages::mentions(ctx.app()?, viewer, first, after).await?;
        message_connection(ctx, page, |row| PageCursor::Hit { position: row.position }).await
    }

    /// The number of messages that you have not read, and of conversations with such messages.
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}
