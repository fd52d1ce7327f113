//! Pages of messages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::Context;
use uuid::Uuid;

use crate::accounts;
use crate::conversations::Sight;
use crate::entity::{conversation, message, user};
use crate::error::Error;
use crate::feed::CursorSeal;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::written::AsJson;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::messages::{self, Window};
use crate::page::Page;

/// Pinned messages on a page, if the client does not say.
const PINS_PAGE: u32 = 20;

/// The arguments of a page of messages.
pub(in crate::graphql) struct MessageWindow {
    pub(in crate::graphql) first: Option<i32>,
    pub(in crate::graphql) after: Option<String>,
    pub(in crate::graphql) last: Option<i32>,
    pub(in crate::graphql) before: Option<String>,
    pub(in crate::graphql) around_seq: Option<i32>,
}

impl MessageWindow {
    /// Checks the arguments. `here` is the conversation, if the viewer may see one.
    fn parse(&self, seal: &CursorSeal, here: Option<ConversationId>) -> Result<Window> {
        let wrong = |field: &'static str, message: &'static str| Err(Failure(Error::input(field, message)));
        let first = paging::size("first", self.first)?;
        let last = paging::size("last", self.last)?;
        let seq = |field, cursor: &Option<String>| {
            paging::cursor(seal, field, cursor.as_deref(), |cursor| match cursor {
                PageCursor::Message { conversation, seq } => {
                    let is_here = here.is_none_or(|here| conversation.as_bytes() == here.as_bytes());
                    (is_here && seq > 0).then_some(seq)
                }
                PageCursor::Hit { .. }
                | PageCursor::Pin { .. }
                | PageCursor::Conversation { .. }
                | PageCursor::User { .. }
                | PageCursor::Member { .. }
                | PageCursor::Reactor { .. }
                | PageCursor::Report { .. } => None,
            })
        };
        let (after, before) = (seq("after", &self.after)?, seq("before", &self.before)?);
        if first.is_some() && last.is_some() {
            return wrong("last", "use either first or last, not both");
        }
        if let Some(seq) = self.around_seq {
            return match seq {
                ..0 => wrong("aroundSeq", "a seq must be 1 or more"),
                _ if after.is_some() => wrong("after", "aroundSeq cannot be combined with after"),
                _ if before.is_some() => wrong("before", "aroundSeq cannot be combined with before"),
                _ => Ok(Window::Around { count: first.or(last).unwrap_or(limits::DEFAULT_PAGE), seq }),
            };
        }
        match (after, before) {
            (Some(_), Some(_)) => wrong("before", "use either after or before, not both"),
            (Some(_), None) if last.is_some() => wrong("last", "use first with after, not last"),
            (None, Some(_)) if first.is_some() => wrong("first", "use last with before, not first"),
            (Some(_), None) => Ok(Window::First { count: first.unwrap_or(limits::DEFAULT_PAGE), after }),
            (None, _) => match first {
                Some(count) => Ok(Window::First { count, after: None }),
                None => Ok(Window::Last { count: last.unwrap_or(limits::DEFAULT_PAGE), before }),
            },
        }
    }
}

/// A page of a conversation's history. It is empty for those who may not see it.
pub(in crate::graphql) async fn history_page(
    ctx: &Context<'_>,
    seen: Option<Sight<'_>>,
    window: MessageWindow,
) -> Result<AsJson<RelayConnection<Message>>> {
    let window = window.parse(ctx.app()?.feed.seal(), seen.map(|seen| seen.conversation().id))?;
    let page = match seen {
        Some(seen) => messages::history(ctx.app()?, seen, window).await?,
        None => Page::empty(),
    };
    message_connection(ctx, page, PageCursor::of_message).await
}

/// A page of a conversation's pinned messages, the newest pin first. It is empty for those who have left it.
pub(in crate::graphql) async fn pinned_page(
    ctx: &Context<'_>,
    conversation: &conversation::Model,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AsJson<RelayConnection<Message>>> {
    let first = paging::size("first", first)?.unwrap_or(PINS_PAGE);
    let here = Uuid::from_bytes(*conversation.id.as_bytes());
    let after = paging::cursor(ctx.app()?.feed.seal(), "after", after.as_deref(), |cursor| match cursor {
        PageCursor::Pin { conversation, pinned_at, seq } if conversation == here => Some((pinned_at, seq)),
        PageCursor::Pin { .. }
        | PageCursor::Message { .. }
        | PageCursor::Hit { .. }
        | PageCursor::Conversation { .. }
        | PageCursor::User { .. }
        | PageCursor::Member { .. }
        | PageCursor::Reactor { .. }
        | PageCursor::Report { .. } => None,
    })?;
    let mut pinned = match ctx.has_left() {
        true => Vec::new(),
        false => messages::pinned(ctx.app()?, conversation).await?,
    };
    let all = pinned.len();
    let place = |row: &message::Model| (row.pinned_at.map_or(0, |at| at.0), row.seq);
    // Few enough to be read at once.
    pinned.retain(|row| after.is_none_or(|after| place(row) < after));
    let has_previous = pinned.len() < all;
    let page = Page::cut(pinned, first, has_previous);
    let cursor = |row: &message::Model| {
        let (pinned_at, seq) = place(row);
        PageCursor::Pin { conversation: here, pinned_at, seq }
    };
    message_connection(ctx, page, cursor).await
}

/// Wraps a page of messages; `cursor` gives the cursor of each.
pub(in crate::graphql) async fn message_connection(
    ctx: &Context<'_>,
    page: Page<message::Model>,
    cursor: impl Fn(&message::Model) -> PageCursor,
) -> Result<AsJson<RelayConnection<Message>>> {
    let senders = senders(ctx, &page.items).await?;
    let page = paging::connection(ctx.app()?.feed.seal(), page, |row| {
        let sender = senders.get(&row.sender_id).cloned();
        (cursor(&row), Message::with_sender(Arc::new(row), sender))
    });
    Ok(page.into())
}

/// The senders of a page if they are selected, read in one statement: a look-up for each message would dominate the
/// cost.
async fn senders(ctx: &Context<'_>, page: &[message::Model]) -> Result<HashMap<UserId, Arc<user::Model>>> {
    let selected = ctx.look_ahead();
    if !selected.field("nodes").field("sender").exists()
        && !selected.field("edges").field("node").field("sender").exists()
    {
        return Ok(HashMap::new());
    }
    let ids: HashSet<UserId> = page.iter().map(|row| row.sender_id).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let rows = accounts::by_ids(ctx.app()?, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
}
