//! Sends a message: once, however often it is tried, and with a seq that leaves no hole.

mod plan;
mod write;

use sea_orm::{DatabaseTransaction, DbErr, EntityTrait};

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::{self, Membership, Reference};
use crate::entity::conversation::{self, DirectPair};
use crate::entity::{membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Rank, Written};
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
    let id = new.id.unwrap_or_else(MessageId::new);
    let prepared = match &new.image {
        Some(source) => {
            may_write(app, sender, new.to).await?;
            Some(images.prepare(sender, source).await?)
        }
        None => None,
    };
    let image = prepared.as_deref().cloned();
    let sent = app.feed.append(Send { id, sender, to: new.to, text, image, reply_to: new.reply_to }).await?;
    // A retry may have been faster, with an image of its own.
    if let Some(prepared) = prepared.filter(|prepared| sent.image_id == Some(prepared.id())) {
        prepared.attached();
    }
    Ok(sent)
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

/// Finds out early what the writer will find out for sure: an image takes seconds.
async fn may_write(app: &App, sender: UserId, to: Reference) -> Result<()> {
    let may = match to {
        Reference::Id(_) => conversations::find_membership(app, sender, to).await?.is_some(),
        Reference::Direct(other) => conversations::can_be_written_to(app, other).await?,
    };
    if may { Ok(()) } else { Err(Error::NotFound) }
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

struct Send {
    id: MessageId,
    sender: UserId,
    to: Reference,
    text: Option<MessageText>,
    image: Option<Attachment>,
    reply_to: Option<MessageId>,
}

/// What a [`Send`] comes to.
enum Sending {
    New(Box<New>),
    /// The same as another one of the batch.
    Repeat(MessageId),
}

struct New {
    /// Complete but for its place in the feed.
    message: message::Model,
    image: Option<Attachment>,
    conversation: conversation::Model,
    standing: Standing,
}

/// How the sender stands to the conversation.
enum Standing {
    /// They are in it.
    Member(membership::Model),
    /// This message makes the direct conversation.
    Begins,
    /// An earlier message of the batch makes it.
    Begun,
}

impl Change for Send {
    type Answer = message::Model;
    type Write = Sending;
    const RANK: Rank = Rank::Messages;

    async fn plan(
        tx: &DatabaseTransaction,
        now: Timestamp,
        changes: Vec<Self>,
    ) -> Result<Vec<Result<Plan<Self>>>, DbErr> {
        let mut batch = plan::Sends::read(tx, now, &changes).await?;
        Ok(changes.into_iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(
        tx: &DatabaseTransaction,
        now: Timestamp,
        writes: Vec<Placed<Sending>>,
    ) -> Result<Vec<Written<Self>>, DbErr> {
        write::write(tx, now, writes).await
    }
}
