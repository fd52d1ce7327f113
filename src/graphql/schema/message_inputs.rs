//! What clients write into messages.

use async_graphql::{Context, ID, InputObject};

use crate::conversations::Reference;
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::images::ImageInput;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::reference::ConversationRef;
use crate::id::{ConversationId, MessageId, UserId};
use crate::messages::NewMessage;

/// A message to send.
#[derive(InputObject)]
pub(super) struct SendMessageInput {
    /// The message's id, a UUIDv7 chosen by the client; the server chooses one if left out. Sending is idempotent: a
    /// retry with the same id to the same conversation returns the first message as it is now and sends nothing,
    /// without a time limit. So an optimistic message and the real one are the same cache entry. The id is looked up
    /// before the rest of the input is checked. The id of somebody else's message, one used in another conversation, or
    /// one that anything else has, gives BAD_USER_INPUT; in a conversation that you have left, NOT_FOUND.
    id: Option<ID>,
    /// The conversation. Your own user id gives BAD_USER_INPUT, that of an erased user NOT_FOUND.
    to: ConversationRef,
    /// The text, 1 to 4,000 characters after trimming. A message has a text, an image or both.
    text: Option<String>,
    /// The image. A retry with the same id need not send it again.
    image: Option<ImageInput>,
    /// The id of the message to which it replies. It must be in the same conversation, else NOT_FOUND.
    reply_to_id: Option<ID>,
    /// What the app says this message is, as `order_card`: 1 to 64 of a-z, 0-9, `_`, `.`, `-`.
    #[graphql(name = "type")]
    message_type: Option<String>,
    /// The app's own data.
    metadata: Option<AppData>,
    /// Whom it calls: the ids of up to 50 members of the conversation, else BAD_USER_INPUT. They are never read out of
    /// the text.
    mention_ids: Option<Vec<ID>>,
    /// Whether it calls everybody in the conversation. In groups of over 20 members only admins and the owner may, else
    /// FORBIDDEN. Nobody is called who is in a block with you at that moment.
    mention_everyone: Option<bool>,
}

impl SendMessageInput {
    /// The message to send.
    pub(super) async fn parse(self, ctx: &Context<'_>) -> Result<NewMessage> {
        let not_an_id = || Failure(Error::input("id", "the id must be a UUIDv7"));
        let id = self.id.map(|id| MessageId::parse(&id).ok_or_else(not_an_id)).transpose()?;
        // A malformed id is as unknown as a new one. It is rejected after the message's own id was looked up.
        let to =
            self.to.find(ctx.app()?, ctx.is_by_key()).await?.unwrap_or_else(|| Reference::Id(ConversationId::new()));
        Ok(NewMessage {
            id,
            to,
            text: self.text,
            image: self.image.map(|image| image.source(ctx, ["image.file", "image.uploadId"])).transpose()?,
            reply_to: self.reply_to_id.map(|id| MessageId::parse(&id).unwrap_or_else(MessageId::new)),
            message_type: self.message_type,
            metadata: self.metadata.map(|data| data.to_text()),
            mentions: mentioned(self.mention_ids.unwrap_or_default()),
            mentions_everyone: self.mention_everyone.unwrap_or(false),
        })
    }
}

/// People by their ids. A malformed one is as unknown as a new one.
pub(super) fn mentioned(ids: Vec<ID>) -> Vec<UserId> {
    ids.iter().map(|id| UserId::parse(id).unwrap_or_else(UserId::new)).collect()
}
