//! Messages and read marks.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::conversations::{self, Reference};
use crate::entity::{message, user};
use crate::error::Error;
use crate::feed::Cursor;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::load;
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::{Image, ImageInput};
use crate::graphql::schema::message_pages::{MessageWindow, history_page};
use crate::graphql::schema::paging::RelayConnection;
use crate::graphql::schema::reference::ConversationRef;
use crate::id::{ConversationId, MessageId};
use crate::messages::{self, NewMessage};

/// A message, or the tombstone of one that was deleted.
pub struct Message {
    pub(in crate::graphql) row: Arc<message::Model>,
    /// Where it was read together with the message.
    pub(in crate::graphql) sender: Option<Arc<user::Model>>,
}

impl Message {
    /// A message that the viewer may see.
    pub fn new(row: Arc<message::Model>) -> Self {
        Self { row, sender: None }
    }
}

impl From<message::Model> for Message {
    fn from(row: message::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

/// A message, or the tombstone of one that was deleted.
#[Object]
impl Message {
    /// The message's id, a UUIDv7. The sender's client may have chosen it.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Where it was sent. In an event that reaches you when you have left it, no more than that it was there.
    async fn conversation(&self, ctx: &Context<'_>) -> Result<Conversation> {
        let id = self.row.conversation_id;
        let row = load(&ctx.loaders()?.conversations, id).await?;
        let row = row.map(|row| if ctx.has_left() { Conversation::left(&row) } else { Conversation(row) });
        row.ok_or_else(|| Failure(Error::Internal(anyhow::anyhow!("conversation {id} has no row"))))
    }

    /// The id of the conversation where it was sent.
    async fn conversation_id(&self) -> ID {
        self.row.conversation_id.to_string().into()
    }

    /// 1, 2, 3 … within the conversation, without holes: what a client checks to know that it missed nothing.
    async fn seq(&self) -> i32 {
        self.row.seq
    }

    /// Who sent it.
    async fn sender(&self, ctx: &Context<'_>) -> Result<User> {
        match &self.sender {
            Some(sender) => Ok(User::new(Arc::clone(sender))),
            None => known_user(ctx, self.row.sender_id).await,
        }
    }

    /// What it says, 1 to 4,000 characters. Null in a tombstone, and may be where there is an image.
    async fn text(&self) -> Option<&str> {
        self.row.text.as_deref()
    }

    /// Its image. Null where there is none, and in a tombstone.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| self.row.deleted_at.is_none())).await
    }

    /// The message that it replies to, in the same conversation. Null in an event that reaches you when you have left.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.row.reply_to_id {
            Some(_) if ctx.has_left() => Ok(None),
            Some(id) => Ok(load(&ctx.loaders()?.messages, id).await?.map(Message::new)),
            None => Ok(None),
        }
    }

    /// 1, and one more with each edit or deletion: of two versions the higher one is the truth.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When its text was last changed. Null when it never was.
    async fn edited_at(&self) -> Option<DateTime> {
        self.row.edited_at.map(DateTime)
    }

    /// When it was deleted. Null while it is not.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.row.deleted_at.map(DateTime)
    }

    /// Its place in the feed: what `after` of messageAdded and events takes.
    async fn feed_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let nonce = u32::try_from(self.row.nonce).unwrap_or_default();
        Ok(ctx.app()?.feed.cursor_text(Cursor { position: self.row.position, nonce }))
    }
}

/// The badge: all that you have not read.
#[derive(SimpleObject)]
pub struct UnreadSummary {
    /// Unread messages in all your conversations.
    messages: i64,
    /// Conversations with unread messages.
    conversations: i64,
}

/// A message to send.
#[derive(InputObject)]
struct SendMessageInput {
    /// The message's id, chosen by the client (UUIDv7): a retry with the same id to the same conversation returns the
    /// first message, as it is now, and sends nothing, for ever; so an optimistic and a real message are one cache
    /// entry. It is looked up before anything else of the input is. Someone else's id, or one used in another
    /// conversation: BAD_USER_INPUT. Of a conversation that you have left: NOT_FOUND, as all that is in it. The server
    /// chooses when left out.
    id: Option<ID>,
    /// Where to. To yourself: BAD_USER_INPUT. To an erased person: NOT_FOUND.
    to: ConversationRef,
    /// 1 to 4,000 characters after trimming; text, image or both.
    text: Option<String>,
    /// Its image. A retry with the same id need not send it again.
    image: Option<ImageInput>,
    /// The message that it replies to, of the same conversation: else NOT_FOUND.
    reply_to_id: Option<ID>,
}

/// Queries about messages.
#[derive(Default)]
pub struct MessagesQuery;

#[Object]
impl MessagesQuery {
    /// A page of a conversation's history, oldest to newest; without arguments the newest 50. Ask for `first` (and
    /// `after`), for `last` (and `before`), or with `aroundSeq` for what is around a message: a search hit, a hole.
    /// Empty where you are not in the conversation.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose history.")] conversation: ConversationRef,
        #[graphql(desc = "The size of a page from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the message before the page.")] after: Option<String>,
        #[graphql(desc = "The size of a page from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the message behind the page.")] before: Option<String>,
        #[graphql(desc = "A seq: the page is around it, or around the message nearest to it.")] around_seq: Option<i32>,
    ) -> Result<RelayConnection<Message>> {
        let viewer = ctx.viewer()?;
        let membership = match conversation.parse() {
            Some(reference) => conversations::find_membership(ctx.app()?, viewer, reference).await?,
            None => None,
        };
        history_page(ctx, membership.as_ref(), MessageWindow { first, after, last, before, around_seq }).await
    }

    /// A message by id. Null where there is none that you may see.
    async fn message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Option<Message>> {
        let viewer = ctx.viewer()?;
        let Some(id) = MessageId::parse(&id) else { return Ok(None) };
        Ok(messages::find(ctx.app()?, viewer, id).await?.map(Message::from))
    }

    /// How many messages you have not read, and in how many conversations: the badge.
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        let unread = messages::unread(ctx.app()?, ctx.viewer()?).await?;
        Ok(UnreadSummary { messages: unread.messages, conversations: unread.conversations })
    }
}

/// Mutations of messages.
#[derive(Default)]
pub struct MessagesMutation;

#[Object]
impl MessagesMutation {
    /// Sends a message. When it is answered, the message is on disk. 20 at once and then 5 a second are taken; a retry
    /// with the same id costs none of them. Of first messages to people with whom you have no direct conversation yet, 10
    /// at once and then one a minute; of images, 10 at once and then 10 a minute. Codes: BAD_USER_INPUT, NOT_FOUND,
    /// RATE_LIMITED, and SERVICE_UNAVAILABLE, after which a retry with the same id is safe; of an image
    /// UNSUPPORTED_IMAGE, and PAYLOAD_TOO_LARGE, also where your images take up all the room there is for them.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: SendMessageInput,
    ) -> Result<Message> {
        let sender = ctx.viewer()?;
        let not_an_id = || Failure(Error::input("id", "a message's id is a UUIDv7 in lower case"));
        let id = input.id.map(|id| MessageId::parse(&id).ok_or_else(not_an_id)).transpose()?;
        // What is no id names nothing, as a new one does. It is found out after the message's own id was looked up.
        let to = input.to.parse().unwrap_or_else(|| Reference::Id(ConversationId::new()));
        let reply_to = input.reply_to_id.map(|id| MessageId::parse(&id).unwrap_or_else(MessageId::new));
        let image = input.image.map(|image| image.source(ctx, ["image.file", "image.uploadId"])).transpose()?;
        let new = NewMessage { id, to, text: input.text, image, reply_to };
        let program = ctx.program()?;
        let sent = messages::send(&program.app, sender, &program.images, new).await?;
        program.typing.sent(sender, sent.conversation_id);
        Ok(sent.into())
    }

    /// Gives a message of yours another text, 1 to 4,000 characters; an empty one takes the caption off an image. The
    /// same text makes no new version. Codes: BAD_USER_INPUT (also for a deleted message), FORBIDDEN for somebody
    /// else's, NOT_FOUND, RATE_LIMITED.
    async fn edit_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
        #[graphql(desc = "Its new text.")] text: String,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound))?;
        Ok(messages::edit(ctx.app()?, viewer, id, &text).await?.into())
    }

    /// Deletes a message of yours. A tombstone is left: id, sender, seq and deletedAt stay; text and image go, the
    /// image's bytes from storage too. Twice is once. Codes: FORBIDDEN for somebody else's, NOT_FOUND.
    async fn delete_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound))?;
        Ok(messages::delete(ctx.app()?, viewer, &ctx.program()?.images, id).await?.into())
    }

    /// Moves your read mark forward, never back; beyond the newest message it stops there. A second move within a
    /// second is answered when the second is over. Codes: BAD_USER_INPUT, NOT_FOUND.
    async fn mark_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was read.")] conversation: ConversationRef,
        #[graphql(desc = "The seq of the newest message that was read.")] up_to_seq: i32,
    ) -> Result<Conversation> {
        let viewer = ctx.viewer()?;
        if up_to_seq < 0 {
            return Err(Failure(Error::input("upToSeq", "a seq is 0 or more")));
        }
        let program = ctx.program()?;
        let reference = conversation.parse().ok_or(Failure(Error::NotFound))?;
        let member = conversations::membership(&program.app, viewer, reference).await?;
        Ok(program.read_marks.mark(&member, up_to_seq).await?.into())
    }
}
