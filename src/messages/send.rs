//! Sends a message: once, however often it is tried, and with a seq that leaves no hole.

mod plan;
mod write;

use sea_orm::EntityTrait;

use crate::app::App;
use crate::conversations::{self, Membership, Reference};
use crate::db::Tx;
use crate::directory;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::{membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes};
use crate::id::{MessageId, UserId};
use crate::images::{Attachment, Images, Source};
use crate::messages::MessageText;

/// What a person wants to send.
#[derive(Debug)]
pub struct NewMessage {
    /// The client's, so that a retry is the same message.
    pub id: Option<MessageId>,
    /// Where to.
    pub to: Reference,
    /// As it was typed; with an image it may be left out.
    pub text: Option<String>,
    /// Where its image comes from.
    pub image: Option<Source>,
    /// What it replies to, in the same conversation.
    pub reply_to: Option<MessageId>,
}

/// Sends a message, or returns the one that was sent before with the same id, as it is now.
pub async fn send(app: &App, images: &Images, sender: UserId, new: NewMessage) -> Result<message::Model> {
    // Before anything else of the input, so that a retry is answered whatever has become of the rest since.
    if let Some(id) = new.id
        && let Some(sent) = message::Entity::find_by_id(id).one(&app.db.reader).await?
    {
        let own = conversations::find_membership(app, sender, Reference::Id(sent.conversation_id)).await?;
        return repeated(sender, new.to, &sent, own.as_ref().map(Membership::conversation));
    }
    if new.to == Reference::Direct(sender) {
        return Err(Error::input("to.userId", "a message goes to somebody else"));
    }
    let text = text(new.text.as_deref(), new.image.is_some())?;
    app.rates.send.take(&sender)?;
    if let Reference::Direct(other) = new.to
        && !directory::finds(app, sender, &[other]).await?
    {
        return Err(Error::NotFound);
    }
    count_stranger(app, sender, new.to).await?;
    let id = new.id.unwrap_or_else(MessageId::new);
    let send = Send { id, sender, to: new.to, text, image: None, reply_to: new.reply_to };
    deliver(app, images, send, new.image.as_ref()).await
}

/// Counts a message that would begin a direct conversation. Not looked up where nothing is counted.
async fn count_stranger(app: &App, sender: UserId, to: Reference) -> Result<()> {
    match to {
        Reference::Direct(other) if app.config.rate_limits && !conversations::have_met(app, sender, other).await? => {
            app.rates.first_message.take(&sender, &other)
        }
        Reference::Direct(_) | Reference::Id(_) => Ok(()),
    }
}

/// Sends a message with its image, if it has one.
async fn deliver(app: &App, images: &Images, mut send: Send, image: Option<&Source>) -> Result<message::Model> {
    let Some(source) = image else { return app.feed.append(send).await };
    // An image takes seconds: what the writer will refuse for sure is refused before.
    if let Some(sent) = rehearse(app, send.clone()).await? {
        return Ok(sent);
    }
    let prepared = images.prepare(send.sender, source).await?;
    send.image = Some(prepared.clone());
    let sent = app.feed.append(send).await?;
    // A retry may have been faster, with an image of its own.
    if sent.image_id == Some(prepared.id()) {
        prepared.attached();
    }
    Ok(sent)
}

/// Decides about a message as the writer will, who does it once more; the message itself where it was sent already.
async fn rehearse(app: &App, send: Send) -> Result<Option<message::Model>> {
    let mut alone = plan::Sends::read(&app.db.reader, app.clock.now(), std::slice::from_ref(&send)).await?;
    match alone.plan(&send)? {
        Plan::Done(sent) => Ok(Some(sent)),
        Plan::Write { .. } => Ok(None),
    }
}

/// A text, where an image does not speak for itself.
fn text(raw: Option<&str>, has_image: bool) -> Result<Option<MessageText>> {
    match raw {
        None if has_image => Ok(None),
        Some(raw) if has_image && raw.trim().is_empty() => Ok(None),
        Some(raw) => MessageText::parse(raw).map(Some),
        None => Err(Error::input("text", "a message has a text, an image or both")),
    }
}

/// The message that a retry means; an error where the id was used for something else. `own` is the conversation it is
/// in, where the sender is in it: who has left sees none of its messages, their own neither.
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
    let is_same_place = match to {
        Reference::Id(id) => own.id == id,
        Reference::Direct(other) => own.direct_pair.as_ref() == Some(&DirectPair::of(sender, other)),
    };
    if is_same_place { Ok(sent.clone()) } else { Err(taken()) }
}

#[derive(Clone)]
struct Send {
    id: MessageId,
    sender: UserId,
    to: Reference,
    text: Option<MessageText>,
    image: Option<Attachment>,
    reply_to: Option<MessageId>,
}

/// What a [`Send`] comes to.
enum SendWrite {
    New(Box<New>),
    /// The same as another one of the batch.
    Repeat(MessageId),
}

struct New {
    /// Complete but for its place in the feed.
    message: message::Model,
    image: Option<Attachment>,
    conversation: conversation::Model,
    standing: SenderMembership,
}

/// How the sender stands to the conversation.
enum SenderMembership {
    /// They are in it.
    Member(membership::Model),
    /// This message makes the direct conversation.
    Begins,
    /// An earlier message of the batch makes it.
    Begun,
}

impl Change for Send {
    type Answer = message::Model;
    type Write = SendWrite;
    const RANK: Rank = Rank::Messages;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = plan::Sends::read(tx, tx.now, changes).await?;
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<SendWrite>>) -> Writes<Self> {
        write::write(tx, writes).await
    }
}
