//! Who is typing.

use async_graphql::{Context, ID, Object, SimpleObject, Subscription};
use futures_util::Stream;

use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::reference::ConversationRef;

/// Somebody began to type, or stopped.
#[derive(SimpleObject)]
pub struct TypingEvent {
    /// Where.
    conversation_id: ID,
    /// Who.
    user: User,
    /// Whether they are typing now.
    typing: bool,
}

/// Mutations of typing.
#[derive(Default)]
pub struct TypingMutation;

#[Object]
impl TypingMutation {
    /// Tells the others in a conversation that you are typing. Say so again every 3 seconds or so, for as long as you do:
    /// it ends by itself after 5 seconds (`serverInfo.limits.typingSeconds`), and with the message that you send. In a
    /// direct conversation that does not exist yet nobody is told, and that is no error. Always true. Never stored. 5 at
    /// once and then 1 a second are taken. Codes: NOT_FOUND, RATE_LIMITED, SERVICE_UNAVAILABLE.
    async fn set_typing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where.")] conversation: ConversationRef,
        #[graphql(default = true, desc = "Whether you are typing; false tells that you stopped.")] typing: bool,
    ) -> Result<bool> {
        let viewer = ctx.viewer()?;
        let reference = conversation.parse().ok_or(Failure(Error::NotFound))?;
        let known = &ctx.program()?.typing;
        match typing {
            true => known.begin(viewer, reference).await?,
            false => known.end(viewer, reference).await?,
        }
        Ok(true)
    }
}

/// Subscriptions to typing.
#[derive(Default)]
pub struct TypingSubscription;

#[Subscription]
impl TypingSubscription {
    /// Who begins to type and who stops, in all your conversations or in one: first those who are typing now, then one
    /// event a change. Of your own typing you are not told, on none of your devices. Nothing is replayed: after a cut,
    /// take nobody for typing and subscribe anew. On a conversation that you may not see: NOT_FOUND. Where you are no
    /// longer in a conversation, you hear nothing more of it.
    async fn typing_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation to hear of; all of them when left out.")] conversation: Option<
            ConversationRef,
        >,
    ) -> Result<impl Stream<Item = TypingEvent>> {
        notify(ctx, Topic::TypingChanged { conversation }, async |notification| match notification {
            Notification::Typing(changed) => Ok(Some(TypingEvent {
                conversation_id: changed.conversation.to_string().into(),
                user: known_user(ctx, changed.user).await?.with_presence(),
                typing: changed.is_typing,
            })),
            Notification::Event(_)
            | Notification::Past(_)
            | Notification::CaughtUp(_)
            | Notification::Reset(..)
            | Notification::Online(_)
            | Notification::Presence(_) => Ok(None),
        })
        .await
    }
}
