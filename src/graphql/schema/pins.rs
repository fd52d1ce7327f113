//! Pinning messages, and the event that says so.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::error::Error;
use crate::feed::Event;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::messages::Message;
use crate::id::MessageId;
use crate::messages;

/// A message was pinned, or its pin was taken off. The `version` of the message does not change by it. A message that is
/// deleted loses its pin without this event.
#[derive(SimpleObject)]
pub(super) struct PinsChanged {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// The id of the conversation.
    conversation_id: ID,
    /// The message. In a replay it is as it is now.
    message: Message,
    /// Whether it was pinned.
    pinned: bool,
}

impl PinsChanged {
    pub(super) fn new(cursor: String, message: Message, event: &Event) -> Self {
        let conversation_id = message.row.conversation_id.to_string().into();
        Self { cursor, conversation_id, message, pinned: messages::was_pinned(&event.fact) }
    }
}

/// Mutations of pins.
#[derive(Default)]
pub(super) struct PinsMutation;

#[Object]
impl PinsMutation {
    /// Pins a message: in a group by the owner and admins, in a direct conversation by both. Up to 50 a conversation.
    /// Everybody in it receives PinsChanged, and a MessageAdded of a system message MESSAGE_PINNED. Again is no change. Pins have a
    /// burst of 30 and then 1 per second. Codes: BAD_USER_INPUT (a deleted message, a system message, one too
    /// many), FORBIDDEN, NOT_FOUND, RATE_LIMITED.
    async fn pin_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] message_id: ID,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&message_id).ok_or(Failure(Error::NotFound))?;
        Ok(messages::pin(ctx.app()?, viewer, id).await?.into())
    }

    /// Takes the pin off a message, by those who may pin it. Everybody in the conversation receives PinsChanged. Again is
    /// no change. Pins have a burst of 30 and then 1 per second. Codes: BAD_USER_INPUT (a deleted message, a line of
    /// what happened), FORBIDDEN, NOT_FOUND, RATE_LIMITED.
    async fn unpin_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] message_id: ID,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&message_id).ok_or(Failure(Error::NotFound))?;
        Ok(messages::unpin(ctx.app()?, viewer, id).await?.into())
    }
}
