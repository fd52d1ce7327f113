//! Messages and read marks.

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined, Object};

use crate::accounts::KeyScope;
use crate::conversations;
use crate::entity::{message, user};
use crate::error::Error;
use crate::feed::{Cursor, CursorSeal};
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::look_up;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::message_inputs::{SendMessageInput, mentioned};
use crate::graphql::schema::paging::PageCursor;
use crate::graphql::schema::reactions::Reaction;
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::schema::system_lines::SystemMessage;
use crate::graphql::schema::users::{User, known_user};
use crate::graphql::written::{AsJson, json_fields};
use crate::id::MessageId;
use crate::limits;
use crate::messages::{self, Edit};

/// A message, or the tombstone of a deleted message.
#[derive(Clone)]
pub(super) struct Message {
    pub(in crate::graphql) row: Arc<message::Model>,
    /// The sender, if it was read together with the message.
    pub(in crate::graphql) sender: Option<Arc<user::Model>>,
    /// Whether the viewer may see this message and nothing else of its conversation.
    is_from_outside: bool,
}

impl Message {
    /// A message that the viewer may see.
    pub(super) fn new(row: Arc<message::Model>) -> Self {
        Self { row, sender: None, is_from_outside: false }
    }

    /// The same, read with its sender.
    pub(in crate::graphql) fn with_sender(row: Arc<message::Model>, sender: Option<Arc<user::Model>>) -> Self {
        Self { sender, ..Self::new(row) }
    }

    /// What a tombstone lacks.
    fn while_it_lives<T>(&self, value: Option<T>) -> Option<T> {
        value.filter(|_| self.row.deleted_at.is_none())
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
    /// existed. FORBIDDEN to a moderator who has deleted a message of a conversation that they are not in.
    async fn conversation(&self, ctx: &Context<'_>) -> Result<Conversation> {
        ctx.key_needs(KeyScope::Conversations)?;
        if self.is_from_outside {
            return Err(Failure(Error::Forbidden));
        }
        let id = self.row.conversation_id;
        let row = look_up(ctx.loaders()?.conversations(), id).await?;
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

    /// What happened, of a system message, which the server writes into the conversation: `text` is null then, and `sender` is
    /// who did it. Nobody edits, deletes, pins or reacts to such a line.
    async fn system(&self) -> Option<SystemMessage> {
        SystemMessage::of(&self.row)
    }

    /// When it was pinned. Null if it is not.
    async fn pinned_at(&self) -> Option<DateTime> {
        self.row.pinned_at.map(DateTime)
    }

    /// What the app says this message is, as `order_card`: 1 to 64 of a-z, 0-9, `_`, `.`, `-`. Null for an ordinary
    /// message, and in a tombstone.
    #[graphql(name = "type")]
    async fn r#type(&self) -> Option<&str> {
        self.while_it_lives(self.row.message_type.as_deref())
    }

    /// The app's own data. Null in a tombstone.
    async fn metadata(&self) -> Option<AppData> {
        self.while_it_lives(self.row.metadata.as_deref()).map(AppData::stored)
    }

    /// The image. Null if there is none, and in a tombstone.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| self.row.deleted_at.is_none())).await
    }

    /// The message to which it replies, in the same conversation. Null if it is no reply, if that message was
    /// deleted by its age, and in an event that you receive after you have left the conversation.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.row.reply_to_id {
            Some(_) if ctx.has_left() || self.is_from_outside => Ok(None),
            Some(id) => Ok(look_up(ctx.loaders()?.messages(), id).await?.map(Message::new)),
            None => Ok(None),
        }
    }

    /// Whether it counts as unread for somebody who has not read it: it is neither a tombstone nor a system
    /// message. It is the same for everybody, so that a client can count by itself.
    async fn counts_as_unread(&self) -> bool {
        self.row.counts_as_unread()
    }

    /// How people reacted, by emoji, in the order in which each came first; at most 20.
    async fn reactions(&self) -> Vec<Reaction> {
        Reaction::all(&self.row)
    }

    /// The users whom it calls by name; the first 10.
    async fn mentions(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let named = self.while_it_lives(self.row.mentions.as_ref()).into_iter().flat_map(message::UserList::people);
        // Concurrently, so that their look-ups are batched.
        futures_util::future::try_join_all(named.take(limits::SHOWN_MENTIONS).map(|id| known_user(ctx, id))).await
    }

    /// Whether it calls everybody in the conversation.
    async fn mentions_everyone(&self) -> bool {
        self.while_it_lives(Some(self.row.mentions_everyone)).unwrap_or(false)
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
    r#type,
    metadata,
    image: Image,
    reply_to: Message,
    counts_as_unread,
    reactions: Reaction,
    mentions: User,
    mentions_everyone,
    version,
    created_at,
    edited_at,
    deleted_at,
    cursor,
    feed_cursor,
} }

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
        let new = input.parse(ctx).await?;
        let program = ctx.program()?;
        let sent = messages::send(&program.app, sender, &program.images, new).await?;
        program.typing.sent(sender, sent.conversation_id);
        Ok(Message::from(sent).into())
    }

    /// Replaces the text of a message of yours, 1 to 4,000 characters; an empty text removes the caption of an image.
    /// Without a change there is no new version. Codes: BAD_USER_INPUT (also for a deleted message), FORBIDDEN
    /// (somebody else's message, or you may not write there any more), NOT_FOUND, RATE_LIMITED.
    async fn edit_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
        #[graphql(desc = "The new text.")] text: String,
        #[graphql(desc = "The users it mentions from now on. Only those whom it did not mention before are notified.")]
        mention_ids: MaybeUndefined<Vec<ID>>,
        #[graphql(desc = "The app's own data. Null removes it.")] metadata: MaybeUndefined<AppData>,
    ) -> Result<Message> {
        let viewer = ctx.viewer()?;
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound))?;
        let edit = Edit {
            text,
            mentions: mention_ids.map_value(mentioned).as_opt_ref().map(|ids| ids.cloned().unwrap_or_default()),
            metadata: metadata.map_value(|data| data.to_text()).as_opt_ref().map(|data| data.cloned()),
        };
        Ok(messages::edit(ctx.app()?, viewer, id, edit).await?.into())
    }

    /// Deletes a message of yours; in a group the owner and admins delete those of others too, and moderators of the server
    /// everywhere. A tombstone with id, sender, `seq` and `deletedAt` remains; text and image are
    /// removed, and the image is deleted from storage. Deleting is idempotent. A key of scope `messages` deletes any
    /// message. Codes: BAD_USER_INPUT for a system message, FORBIDDEN for somebody else's message, NOT_FOUND.
    async fn delete_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: ID,
    ) -> Result<Message> {
        let (app, images, actor) = (ctx.app()?, &ctx.program()?.images, ctx.actor()?);
        let id = MessageId::parse(&id).ok_or(Failure(Error::NotFound));
        Ok(match actor {
            Actor::Viewer(viewer) => {
                let by = (viewer, ctx.caller()?.address);
                let messages::DeletedMessage { row, is_from_outside } = messages::delete(app, by, images, id?).await?;
                Message { is_from_outside, ..row.into() }
            }
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
