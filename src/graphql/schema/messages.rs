//! Messages and read marks.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::accounts::KeyScope;
use crate::conversations::{self, KeyReader, KeySight, Membership, Reference};
use crate::entity::{message, user};
use crate::error::Error;
use crate::feed::{Cursor, CursorSeal};
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::{Image, ImageInput};
use crate::graphql::schema::message_pages::{MessageWindow, history_page};
use crate::graphql::schema::paging::{PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::schema::system_lines::SystemMessage;
use crate::graphql::schema::users::{User, known_user};
use crate::graphql::written::{AsJson, json_fields};
use crate::id::{ConversationId, MessageId};
use crate::messages::{self, NewMessage};

/// A message, or the tombstone of a deleted message.
#[derive(Clone)]
pub(super) struct Message {
    pub(in crate::graphql) row: Arc<message::Model>,
    /// The sender, if it was read together with the message.
    pub(in crate::graphql) sender: Option<Arc<user::Model>>,
}

impl Message {
    /// A message that the viewer may see.
    pub(super) fn new(row: Arc<message::Model>) -> Self {
        Self { row, sender: None }
    }

    /// Its cursor in the history of its conversation.
    pub(super) fn cursor_text(&self, seal: &CursorSeal) -> String {
        PageCursor::of_message(&self.row).encode(seal)
    }
}

impl From<message::Model> for Message {
    fn from(row: message::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

/// A message, or the tombstone of a deleted message.
#[Object]
impl Message {
    /// The message's id, a UUIDv7. The sender's client may have chosen it.
    pub(super) async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The conversation. In an event that you receive after you have left it, it shows only that the conversation
    /// existed.
    async fn conversation(&self, ctx: &Context<'_>) -> Result<Conversation> {
        ctx.key_needs(KeyScope::Conversations)?;
        let id = self.row.conversation_id;
        let row = look_up(&ctx.loaders()?.conversations, id).await?;
        let row = row.map(|row| if ctx.has_left() { Conversation::left(&row) } else { Conversation::new(row) });
        row.ok_or_else(|| Failure(Error::Internal(anyhow::anyhow!("conversation {id} has no row"))))
    }

    /// The id of the conversation.
    async fn conversation_id(&self) -> ID {
        self.row.conversation_id.to_string().into()
    }

    /// The number of the message in its conversation: 1, 2, 3 … without gaps, so that a client can check that it missed
    /// nothing.
    async fn seq(&self) -> i32 {
        self.row.seq
    }

    /// The sender.
    async fn sender(&self, ctx: &Context<'_>) -> Result<User> {
        match &self.sender {
            Some(sender) => Ok(User::new(Arc::clone(sender))),
            None => known_user(ctx, self.row.sender_id).await,
        }
    }

    /// The text, 1 to 4,000 characters. Null in a tombstone, and possibly null if there is an image.
    async fn text(&self) -> Option<&str> {
        self.row.text.as_deref()
    }

    /// What happened, where it is a line of the conversation's own and nobody's words: `text` is null then, and `sender` is
    /// who did it. Nobody edits, deletes or pins such a line.
    async fn system(&self) -> Option<SystemMessage> {
        SystemMessage::of(&self.row)
    }

    /// When it was pinned. Null if it is not.
    async fn pinned_at(&self) -> Option<DateTime> {
        self.row.pinned_at.map(DateTime)
    }

    /// The image. Null if there is none, and in a tombstone.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| self.row.deleted_at.is_none())).await
    }

    /// The message to which it replies, in the same conversation. Null if it is no reply, and in an event that you
    /// receive after you have left the conversation.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.row.reply_to_id {
            Some(_) if ctx.has_left() => Ok(None),
            Some(id) => Ok(look_up(&ctx.loaders()?.messages, id).await?.map(Message::new)),
            None => Ok(None),
        }
    }

    /// The version: 1, and one higher with each edit or deletion. The higher of two versions is the newer one.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When its text was last edited. Null if it never was.
    async fn edited_at(&self) -> Option<DateTime> {
        self.row.edited_at.map(DateTime)
    }

    /// When it was deleted. Null if it was not.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.row.deleted_at.map(DateTime)
    }

    /// Its cursor in the history of its conversation, for `after` and `before` of messages. Not a feed cursor.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.cursor_text(ctx.app()?.feed.seal()))
    }

    /// Its cursor in the feed, for `after` of messageAdded and events.
    async fn feed_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let nonce = u32::try_from(self.row.nonce).unwrap_or_default();
        Ok(ctx.app()?.feed.cursor_text(Cursor { position: self.row.position, nonce }))
    }
}

json_fields! { Message {
    id,
    conversation: Conversation,
    conversation_id,
    seq,
    sender: User,
    text,
    system: SystemMessage,
    pinned_at,
    image: Image,
    reply_to: Message,
    version,
    created_at,
    edited_at,
    deleted_at,
    feed_cursor,
} }

/// Your unread messages, for a badge.
#[derive(SimpleObject)]
pub(super) struct UnreadSummary {
    /// The number of unread messages in all your conversations.
    messages: i64,
    /// The number of conversations with unread messages.
    conversations: i64,
}

impl UnreadSummary {
    /// Those of the viewer, as they are now.
    pub(super) async fn now(ctx: &Context<'_>) -> Result<Self> {
        let unread = messages::unread(ctx.app()?, ctx.viewer()?).await?;
        Ok(Self { messages: unread.messages, conversations: unread.conversations })
    }
}

/// A message to send.
#[derive(InputObject)]
struct SendMessageInput {
    /// The message's id, a UUIDv7 chosen by the client; the server chooses one if left out. Sending is idempotent: a
    /// retry with the same id to the same conversation returns the first message as it is now and sends nothing,
    /// without a time limit. So an optimistic message and the real one are the same cache entry. The id is looked up
    /// before the rest of the input is checked. The id of somebody else's message, or one used in another conversation,
    /// gives BAD_USER_INPUT; in a conversation that you have left, NOT_FOUND.
    id: Option<ID>,
    /// The conversation. Your own user id gives BAD_USER_INPUT, that of an erased user NOT_FOUND.
    to: ConversationRef,
    /// The text, 1 to 4,000 characters after trimming. A message has a text, an image or both.
    text: Option<String>,
    /// The image. A retry with the same id need not send it again.
    image: Option<ImageInput>,
    /// The id of the message to which it replies. It must be in the same conversation, else NOT_FOUND.
    reply_to_id: Option<ID>,
}

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

    /// The number of messages that you have not read, and of conversations with such messages.
    async fn unread(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        UnreadSummary::now(ctx).await
    }
}

/// Mutations of messages.
#[derive(Default)]
pub(super) struct MessagesMutation;

#[Object]
impl MessagesMutation {
    /// Sends a message. It is on disk before the request is answered. Messages have a burst of 20 and then 5 per
    /// second; a retry with the same id is not counted. First messages to users with whom you have no direct
    /// conversation have a burst of 10 and then 1 per minute; images have a burst of 10 and then 10 per minute. Codes:
    /// BAD_USER_INPUT, FORBIDDEN where only admins write, NOT_FOUND, RATE_LIMITED, and SERVICE_UNAVAILABLE, after which a retry with the same id is safe;
    /// for an image also UNSUPPORTED_IMAGE, and PAYLOAD_TOO_LARGE, which is also given if your images have reached your
    /// storage quota.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: SendMessageInput,
    ) -> Result<AsJson<Message>> {
        let sender = ctx.viewer()?;
        let not_an_id = || Failure(Error::input("id", "the id must be a UUIDv7"));
        let id = input.id.map(|id| MessageId::parse(&id).ok_or_else(not_an_id)).transpose()?;
        // A malformed id is as unknown as a new one. It is rejected after the message's own id was looked up.
        let to =
            input.to.find(ctx.app()?, ctx.is_by_key()).await?.unwrap_or_else(|| Reference::Id(ConversationId::new()));
        let reply_to = input.reply_to_id.map(|id| MessageId::parse(&id).unwrap_or_else(MessageId::new));
        let image = input.image.map(|image| image.source(ctx, ["image.file", "image.uploadId"])).transpose()?;
        let new = NewMessage { id, to, text: input.text, image, reply_to };
        let program = ctx.program()?;
        let sent = messages::send(&program.app, sender, &program.images, new).await?;
        program.typing.sent(sender, sent.conversation_id);
        Ok(Message::from(sent).into())
    }

    /// Replaces the text of a message of yours, 1 to 4,000 characters; an empty text removes the caption of an image.
    /// An unchanged text creates no new version. Codes: BAD_USER_INPUT (also for a deleted message),
    /// FORBIDDEN (somebody else's message, or you may not write there any more), NOT_FOUND, RATE_LIMITED.
    async fn edit_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
        #[graphql(desc = "The new text.")] text: String,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound))?;
        Ok(messages::edit(ctx.app()?, viewer, id, &text).await?.into())
    }

    /// Deletes a message of yours; in a group the owner and admins delete those of others too. A tombstone with id, sender, `seq` and `deletedAt` remains; text and image are
    /// removed, and the image is deleted from storage. Deleting is idempotent. A key of scope `messages` deletes any
    /// message. Codes: BAD_USER_INPUT for a line of what happened, FORBIDDEN for somebody else's message, NOT_FOUND.
    async fn delete_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Message> {
        let (app, images, actor) = (ctx.app()?, &ctx.program()?.images, ctx.actor()?);
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound));
        Ok(match actor {
            Actor::Viewer(viewer) => messages::delete(app, viewer, images, id?).await?.into(),
            Actor::Key(key) => messages::delete_by_key(app, key.messages()?, images, id?).await?.into(),
        })
    }

    /// Moves your read mark forward, never back, and at most to the newest message. A second move within one second is
    /// answered when that second is over. Codes: BAD_USER_INPUT, NOT_FOUND.
    async fn mark_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation that was read.")] conversation: ConversationRef,
        #[graphql(desc = "The `seq` of the newest message that was read.")] up_to_seq: i32,
    ) -> Result<Conversation> {
        let viewer = ctx.viewer()?;
        if up_to_seq < 0 {
            return Err(Failure(Error::input("upToSeq", "a seq must be 0 or more")));
        }
        let program = ctx.program()?;
        let reference = conversation.find(ctx.app()?, ctx.is_by_key()).await?.ok_or(Failure(Error::NotFound))?;
        let member = conversations::membership(&program.app, viewer, reference).await?;
        Ok(program.read_marks.mark(&member, up_to_seq).await?.into())
    }
}
