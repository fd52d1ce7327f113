//! Messages: sending, editing, deleting and reading them, and read marks.

mod for_operator;
mod history;
#[cfg(test)]
mod hot_tests;
mod mentions;
mod message_type;
mod pins;
mod reactions;
mod read_marks;
mod remove_content;
mod revise;
mod send;
mod text;
mod unread;

pub use for_operator::{history_for_operator, showing_image};
pub use history::{Window, history};
pub use mentions::{Mentions, mentions};
pub use message_type::MessageType;
pub use pins::{pin, pinned, unpin, was_pinned};
pub use reactions::{Emoji, ReactionStep, Reactions, own_reactions, reaction_steps, reactors, take_back};
pub use read_marks::ReadMarks;
pub use remove_content::{ContentRemoval, remove_content};
pub use revise::{DeletedMessage, Edit, delete, delete_by_key, delete_by_moderator, delete_for_operator, edit};
pub use send::{NewMessage, send};
pub use text::MessageText;
pub use unread::{ReadUpTo, Unread, calls_after, uncounted_after, unread};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::accounts::{MessagesKey, Viewer};
use crate::app::App;
use crate::conversations::{self, Reference};
use crate::entity::message;
use crate::error::Result;
use crate::feed::{Audience, EventKind, NewEvent};
use crate::id::{ConversationId, ImageId, MessageId};

/// A message that the viewer may see.
pub async fn find(app: &App, viewer: &Viewer, id: MessageId) -> Result<Option<message::Model>> {
    let Some(message) = by_ids(app, &[id]).await?.pop() else { return Ok(None) };
    let membership = conversations::find_membership(app, viewer, Reference::Id(message.conversation_id)).await?;
    Ok(membership.map(|_| message))
}

/// A message for the app's backend, which may see all of them.
pub async fn find_by_key(app: &App, _: MessagesKey, id: MessageId) -> Result<Option<message::Model>> {
    Ok(by_ids(app, &[id]).await?.pop())
}

/// Whether an image is in a message that the viewer may see.
pub async fn shows_image(app: &App, viewer: &Viewer, image: ImageId) -> Result<bool> {
    let with_it = message::Entity::find().filter(message::Column::ImageId.eq(image));
    let with_it = message::read(with_it.filter(message::Column::DeletedAt.is_null()), &app.db.reader).await?;
    let places: Vec<ConversationId> = with_it.iter().map(|message| message.conversation_id).collect();
    Ok(!places.is_empty() && !conversations::memberships_of(app, viewer, &places).await?.is_empty())
}

/// Messages by id, in no particular order. The caller has checked that the viewer may see them.
pub async fn by_ids(app: &App, ids: &[MessageId]) -> Result<Vec<message::Model>> {
    if let Some(messages) = app.db.hot.messages_by_ids(ids) {
        return Ok(messages);
    }
    let messages = message::Entity::find().filter(message::Column::Id.is_in(ids.iter().copied()));
    Ok(message::read(messages, &app.db.reader).await?)
}

/// The newest message of each conversation, given by its id and `last_seq`.
pub async fn newest_of(app: &App, conversations: &[(ConversationId, i32)]) -> Result<Vec<message::Model>> {
    if let Some(messages) = app.db.hot.messages_by_seqs(conversations) {
        return Ok(messages);
    }
    let newest = conversations.iter().filter(|(_, seq)| *seq > 0).fold(Condition::any(), |any, (id, seq)| {
        any.add(Condition::all().add(message::Column::ConversationId.eq(*id)).add(message::Column::Seq.eq(*seq)))
    });
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    Ok(message::read(message::Entity::find().filter(newest), &app.db.reader).await?)
}

/// The event for a new or changed message, addressed to the conversation's members.
fn message_event(kind: EventKind, message: &message::Model) -> NewEvent {
    let event = NewEvent::new(kind, Audience::Conversation(message.conversation_id));
    NewEvent { message: Some(message.id), row: Some(std::sync::Arc::new(message.clone())), ..event }
}
