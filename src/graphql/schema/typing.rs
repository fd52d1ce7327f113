//! Who is typing.

use async_graphql::{Context, ID, Object, SimpleObject, Subscription};
use futures_util::Stream;

use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::{Notification, Topic, notify};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::schema::users::{User, known_user};

/// A user began to type or stopped.
#[derive(SimpleObject)]
pub(super) struct TypingEvent {
    /// The id of the conversation.
    conversation_id: ID,
    /// The user.
    user: User,
    /// Whether the user is typing now.
    typing: bool,
}

/// Mutations of typing.
#[derive(Default)]
pub(super) struct TypingMutation;

#[Object]
impl TypingMutation {
    /// Notifies the other members of a conversation that you are typing. Renew the signal about every 3 seconds while
    /// the user types: it expires after 5 seconds (`serverInfo.limits.typingSeconds`), or when you send a message. In a
    /// direct conversation that does not exist yet it notifies nobody and succeeds. The result is always true; nothing
    /// is stored. Typing signals have a burst of 5 and then 1 per second. Codes: FORBIDDEN, NOT_FOUND, RATE_LIMITED,
    /// SERVICE_UNAVAILABLE.
    async fn set_typing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] conversation: ConversationRef,
        #[graphql(default = true, desc = "Whether you are typing; false if you stopped.")] typing: bool,
    ) -> Result<bool> {
        let viewer = ctx.viewer()?;
        let reference = conversation.find(ctx.app()?, ctx.is_by_key()).await?.ok_or(Failure(Error::NotFound))?;
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
pub(super) struct TypingSubscription;

#[Subscription]
impl TypingSubscription {
    /// Who is typing in all your conversations or in one: first the users who are typing now, then one event for each
    /// change. Your own typing is not sent to any of your devices. Nothing is replayed: after a disconnect, assume that
    /// nobody is typing and subscribe again. A conversation that you may not see gives NOT_FOUND. After you have left a
    /// conversation, you receive nothing more from it.
    async fn typing_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation; all your conversations if left out.")] conversation: Option<
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
