//! Sending messages. A retry does not send again, and seqs have no gaps.

mod plan;
mod write;

use crate::accounts::Viewer;
use crate::app::App;
use crate::audit::{AuditAction, AuditRecord};
use crate::conversations::{self, Membership, Reference};
use crate::db::Tx;
use crate::directory;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::{membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes};
use crate::id::{MessageId, UserId};
use crate::images::{ImageAttachment, ImageSource, Images, PreparedImage};
use crate::messages::{self, Mentions, MessageText, MessageType};

/// A message to send.
#[derive(Debug)]
pub struct NewMessage {
    /// The id chosen by the client, by which a retry is recognised.
    pub id: Option<MessageId>,
    /// The conversation.
    pub to: Reference,
    /// The text as typed; optional with an image.
    pub text: Option<String>,
    /// The source of its image.
    pub image: Option<ImageSource>,
    /// The message that it replies to, in the same conversation.
    pub reply_to: Option<MessageId>,
    /// What the app says that it is.
    pub message_type: Option<String>,
    /// The app's own data: a JSON object.
    pub metadata: Option<String>,
    /// Whom it calls by name.
    pub mentions: Vec<UserId>,
    /// Whether it calls everybody.
    pub mentions_everyone: bool,
}

impl NewMessage {
    /// A message with an id of the caller's, and a text alone.
    pub fn of_text(id: MessageId, to: Reference, text: String) -> Self {
        Self {
            id: Some(id),
            to,
            text: Some(text),
            image: None,
            reply_to: None,
            message_type: None,
            metadata: None,
            mentions: Vec::new(),
            mentions_everyone: false,
        }
    }
}

/// Sends a message. If a message with this id was sent before, returns that one in its current state.
pub async fn send(app: &App, viewer: &Viewer, images: &Images, new: NewMessage) -> Result<message::Model> {
    let sender = viewer.user();
    // Checked before the rest of the input, so that a retry gets its answer whatever has changed since.
    if let Some(id) = new.id
        && let Some(sent) = messages::by_ids(app, &[id]).await?.pop()
    {
        let own = conversations::find_membership(app, viewer, Reference::Id(sent.conversation_id)).await?;
        return repeated(sender, new.to, &sent, own.as_ref().map(Membership::conversation));
    }
    if new.to == Reference::Direct(sender) {
        return Err(Error::input("to.userId", "you cannot send a message to yourself"));
    }
    let text = text(new.text.as_deref(), new.image.is_some())?;
    let extras = Extras {
        message_type: new.message_type.as_deref().map(MessageType::parse).transpose()?,
        metadata: new.metadata,
        mentions: Mentions::new(new.mentions)?,
        mentions_everyone: new.mentions_everyone,
    };
    app.rates.send.take(&sender)?;
    if let Reference::Direct(other) = new.to
        && !directory::finds(app, viewer, &[other]).await?
    {
        return Err(Error::NotFound);
    }
    count_stranger(app, viewer, new.to).await?;
    let (id, is_named) = (new.id.unwrap_or_else(MessageId::new), new.id.is_some());
    let send = Send { id, is_named, sender, to: new.to, text, image: None, reply_to: new.reply_to, extras };
    let record = viewer.record(AuditAction::MessageSent, id);
    let Some(source) = &new.image else { return app.feed.append_recorded(send, record).await };
    // Preparing an image takes seconds, so a message that the writer will reject is rejected first.
    if let Some(sent) = rehearse(app, send.clone()).await? {
        return Ok(sent);
    }
    send_with_image(app, send, images.prepare(viewer, source).await?, record).await
}

/// Counts a message that would start a direct conversation. Without rate limits the look-up is skipped.
async fn count_stranger(app: &App, viewer: &Viewer, to: Reference) -> Result<()> {
    match to {
        Reference::Direct(other) if app.config.rate_limits && !conversations::have_met(app, viewer, other).await? => {
            app.rates.first_message.take(&viewer.user(), &other)
        }
        Reference::Direct(_) | Reference::Id(_) => Ok(()),
    }
}

/// Sends a message with a prepared image.
async fn send_with_image(
    app: &App,
    mut send: Send,
    prepared: PreparedImage,
    record: Option<AuditRecord>,
) -> Result<message::Model> {
    send.image = Some(prepared.clone());
    let sent = app.feed.append_recorded(send, record).await?;
    // A concurrent retry may have been faster, with an image of its own.
    if sent.image_id == Some(prepared.id()) {
        prepared.attached();
    }
    Ok(sent)
}

/// Plans a message as the writer will, without writing. Returns the message if it was already sent.
async fn rehearse(app: &App, send: Send) -> Result<Option<message::Model>> {
    let mut alone = plan::Sends::read(&app.db.reader, app.clock.now(), std::slice::from_ref(&send)).await?;
    match alone.plan(&send)? {
        Plan::Done(sent) => Ok(Some(sent)),
        Plan::Write { .. } => Ok(None),
    }
}

/// The text, which is optional with an image.
fn text(raw: Option<&str>, has_image: bool) -> Result<Option<MessageText>> {
    match raw {
        None if has_image => Ok(None),
        Some(raw) if has_image && raw.trim().is_empty() => Ok(None),
        Some(raw) => MessageText::parse(raw).map(Some),
        None => Err(Error::input("text", "a message needs a text, an image or both")),
    }
}

/// The message that a retry refers to; an error if the id was used for another one. `own` is its conversation, or
/// `None` if the sender has left: then they see none of its messages, not even their own.
fn repeated(
    sender: UserId,
    to: Reference,
    sent: &message::Model,
    own: Option<&conversation::Model>,
) -> Result<message::Model> {
    let taken = || Error::input("id", "this id belongs to another message: choose a new UUIDv7");
    if sent.sender_id != sender {
        return Err(taken());
    }
    let own = own.ok_or(Error::NotFound)?;
    let is_same_conversation = match to {
        Reference::Id(id) => own.id == id,
        Reference::Direct(other) => own.direct_pair.as_ref() == Some(&DirectPair::of(sender, other)),
    };
    if is_same_conversation { Ok(sent.clone()) } else { Err(taken()) }
}

#[derive(Clone)]
pub(super) struct Send {
    pub(super) id: MessageId,
    /// Whether the client has chosen the id.
    pub(super) is_named: bool,
    pub(super) sender: UserId,
    pub(super) to: Reference,
    pub(super) text: Option<MessageText>,
    pub(super) image: Option<ImageAttachment>,
    pub(super) reply_to: Option<MessageId>,
    pub(super) extras: Extras,
}

/// What a message carries beside its text and image.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) message_type: Option<MessageType>,
    /// A JSON object.
    pub(super) metadata: Option<String>,
    pub(super) mentions: Mentions,
    pub(super) mentions_everyone: bool,
}

/// The outcome of planning a [`Send`].
pub(super) enum SendWrite {
    New(Box<New>),
    /// A repetition of another message of the batch.
    Repeat(MessageId),
}

pub(super) struct New {
    /// Complete except for its position in the feed.
    message: message::Model,
    image: Option<ImageAttachment>,
    conversation: conversation::Model,
    standing: SenderMembership,
}

/// The sender's relation to the conversation.
enum SenderMembership {
    /// They are in it.
    Member(membership::Model),
    /// This message creates the direct conversation.
    Begins,
    /// An earlier message of the batch creates it.
    Begun,
}

impl Change for Send {
    type Answer = message::Model;
    type Write = SendWrite;
    const RANK: Rank = Rank::Messages;

    /// Images are rare beside texts, and take many statements of their own.
    fn is_hot(&self) -> bool {
        self.image.is_none()
    }

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = plan::Sends::read(tx, tx.now, changes).await?;
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<SendWrite>>) -> Writes<Self> {
        write::write(tx, writes).await
    }
}
