//! Editing and deleting messages. Each change makes a new version.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::{MessagesKey, Moderator, Viewer};
use crate::app::App;
use crate::audit::AuditAction;
use crate::clock::Timestamp;
use crate::conversations;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::DirectPair;
use crate::entity::{conversation, membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, EventKind, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId, MessageId, UserId};
use crate::images::{self, Images};
use crate::messages::{MessageText, message_event};

/// Replaces the text of the viewer's message. An unchanged text makes no new version; an empty one removes the caption
/// of an image.
pub async fn edit(app: &App, viewer: &Viewer, id: MessageId, text: &str) -> Result<message::Model> {
    let text = match text.trim().is_empty() {
        true => None,
        false => Some(MessageText::parse(text)?),
    };
    // An edit is published to everybody in the conversation, like a new message.
    app.rates.send.take(&viewer.user())?;
    let revise = Revise { by: Some(viewer.user()), id, revision: Revision::Edit(text) };
    app.feed.append_recorded(revise, viewer.record(AuditAction::MessageEdited, id)).await
}

/// Turns the viewer's message into a tombstone: seq, sender and times stay. Idempotent.
pub async fn delete(app: &App, viewer: &Viewer, images: &Images, id: MessageId) -> Result<message::Model> {
    let revise = Revise { by: Some(viewer.user()), id, revision: Revision::Delete };
    let deleted = app.feed.append_recorded(revise, viewer.record(AuditAction::MessageDeleted, id)).await?;
    images.delete_soon();
    Ok(deleted)
}

/// Likewise for the app's backend, which may delete any message.
pub async fn delete_by_key(app: &App, key: MessagesKey, images: &Images, id: MessageId) -> Result<message::Model> {
    app.rates.key_changes.take(&key.id())?;
    let revise = Revise { by: None, id, revision: Revision::Delete };
    let deleted = app.feed.append_recorded(revise, [key.record(AuditAction::MessageDeleted, id)]).await?;
    images.delete_soon();
    Ok(deleted)
}

/// Likewise for a moderator of the server, who may delete what was reported.
pub async fn delete_by_moderator(
    app: &App,
    moderator: Moderator,
    images: &Images,
    id: MessageId,
) -> Result<message::Model> {
    let revise = Revise { by: None, id, revision: Revision::Delete };
    let deleted = app.feed.append_recorded(revise, [moderator.record(AuditAction::MessageDeleted, id)]).await?;
    images.delete_soon();
    Ok(deleted)
}

struct Revise {
    /// `None` is the app's backend or a moderator, who may delete.
    by: Option<UserId>,
    id: MessageId,
    revision: Revision,
}

enum Revision {
    /// `None` removes the caption of an image.
    Edit(Option<MessageText>),
    Delete,
}

impl Change for Revise {
    type Answer = message::Model;
    type Write = Revised;
    const RANK: Rank = Rank::Messages;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids: HashSet<MessageId> = changes.iter().map(|change| change.id).collect();
        let messages = message::Entity::find().filter(message::Column::Id.is_in(ids)).all(tx).await?;
        let conversation_ids: HashSet<ConversationId> = messages.iter().map(|row| row.conversation_id).collect();
        let conversation_of: HashMap<_, _> = messages.iter().map(|row| (row.id, row.conversation_id)).collect();
        let own = changes.iter().filter_map(|change| Some((*conversation_of.get(&change.id)?, change.by?)));
        let own: Vec<_> = own.collect();
        let memberships = conversations::find_own(tx, own).await?;
        let conversations =
            conversation::Entity::find().filter(conversation::Column::Id.is_in(conversation_ids)).all(tx).await?;
        let pairs = conversations.iter().filter_map(|row| row.direct_pair.clone());
        let blocked = directory::blocked_pairs(tx, pairs).await?;
        let mut batch = Revisions {
            now: tx.now,
            messages: messages.into_iter().map(|row| (row.id, row)).collect(),
            conversations: conversations.into_iter().map(|row| (row.id, row)).collect(),
            memberships,
            blocked,
        };
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Revised>>) -> Writes<Self> {
        let mut messages = HashMap::new();
        let mut conversations = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        let mut lost_images = Vec::new();
        for Placed { write: Revised { message, lost, mut conversation }, first } in writes {
            lost_images.extend(lost);
            conversation.last_position = first.position;
            conversations.insert(conversation.id, conversation);
            written.push(Written {
                events: vec![message_event(EventKind::MessageChanged, &message)],
                answer: message.clone(),
            });
            messages.insert(message.id, message);
        }
        let revised = [
            message::Column::Text,
            message::Column::ImageId,
            message::Column::Version,
            message::Column::EditedAt,
            message::Column::DeletedAt,
        ];
        db::upsert(tx, messages.into_values().collect(), revised).await?;
        tx.set_last_positions(conversations.into_values().collect()).await?;
        images::detach(tx, &lost_images).await?;
        Ok(written)
    }
}

/// A message after a revision, with its conversation.
struct Revised {
    message: message::Model,
    /// The image that it had.
    lost: Option<ImageId>,
    conversation: conversation::Model,
}

/// The data that a batch of revisions needs, and its decisions so far.
struct Revisions {
    now: Timestamp,
    messages: HashMap<MessageId, message::Model>,
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    /// Pairs of whom one has blocked the other.
    blocked: HashSet<DirectPair>,
}

impl Revisions {
    fn plan(&mut self, change: &Revise) -> Result<Plan<Revise>> {
        let message = self.messages.get_mut(&change.id).ok_or(Error::NotFound)?;
        if let Some(by) = change.by {
            if !self.memberships.contains_key(&(message.conversation_id, by)) {
                return Err(Error::NotFound);
            }
            if message.sender_id != by {
                return Err(Error::Forbidden);
            }
        }
        let conversation = self.conversations.get(&message.conversation_id).ok_or(Error::NotFound)?;
        let mut lost = None;
        match &change.revision {
            Revision::Edit(_) if message.deleted_at.is_some() => {
                return Err(Error::input("id", "this message was deleted and cannot be edited"));
            }
            // An edit would be a way to write to somebody.
            Revision::Edit(_) if conversation.direct_pair.as_ref().is_some_and(|pair| self.blocked.contains(pair)) => {
                return Err(Error::Forbidden);
            }
            Revision::Edit(None) if message.image_id.is_none() => {
                return Err(Error::input("text", "write a text with visible characters, or delete the message"));
            }
            Revision::Edit(text) if message.text.as_deref() == text.as_ref().map(MessageText::as_str) => {
                return Ok(Plan::Done(message.clone()));
            }
            Revision::Edit(text) => {
                message.text = text.as_ref().map(|text| text.as_str().to_owned());
                message.edited_at = Some(self.now);
                message.version += 1;
            }
            Revision::Delete if message.deleted_at.is_some() => return Ok(Plan::Done(message.clone())),
            Revision::Delete => {
                lost = message.image_id;
                message.bury(self.now);
            }
        }
        let revised = Revised { message: message.clone(), lost, conversation: conversation.clone() };
        Ok(Plan::Write { write: revised, events: 1 })
    }
}
