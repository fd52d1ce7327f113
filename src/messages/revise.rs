//! Editing and deleting messages. Each change makes a new version.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::{self, MessagesKey, Moderator, Viewer};
use crate::app::App;
use crate::audit::{AuditAction, Operator};
use crate::clock::Timestamp;
use crate::conversations::{ActionPlace, Directs, MemberAction, Standing, may};
use crate::db::{self, Tx};
use crate::entity::{conversation, membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, EventKind, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId, MessageId, UserId};
use crate::images::{self, Images};
use crate::messages::{Mentions, MessageText, mentions, message_event};

/// What an edit replaces. `None` leaves it as it is.
#[derive(Debug)]
pub struct Edit {
    /// The text as typed. An empty one removes the caption of an image.
    pub text: String,
    /// Whom the message calls by name.
    pub mentions: Option<Vec<UserId>>,
    /// The app's own data: a JSON object, or nothing.
    pub metadata: Option<Option<String>>,
}

/// Edits the viewer's message. Without a change it makes no new version.
pub async fn edit(app: &App, viewer: &Viewer, id: MessageId, edit: Edit) -> Result<message::Model> {
    let text = match edit.text.trim().is_empty() {
        true => None,
        false => Some(MessageText::parse(&edit.text)?),
    };
    let mentions = edit.mentions.map(Mentions::new).transpose()?;
    let rewrite = Rewrite { text, mentions, metadata: edit.metadata };
    // An edit is published to everybody in the conversation, like a new message.
    app.rates.send.take(&viewer.user())?;
    let revise = Revise { by: Some(viewer.user()), id, revision: Revision::Edit(rewrite) };
    app.feed.append_recorded(revise, viewer.record(AuditAction::MessageEdited, id)).await
}

/// A message that somebody has deleted.
#[derive(Debug)]
pub struct DeletedMessage {
    /// The tombstone.
    pub row: message::Model,
    /// Whether they deleted it as a moderator and see nothing else of its conversation.
    pub is_from_outside: bool,
}

/// Turns a message into a tombstone: the viewer's own, one of a group in which they may, or any as a moderator of the
/// server, for which the address is recorded. Seq, sender and times stay. Idempotent.
pub async fn delete(
    app: &App,
    (viewer, address): (&Viewer, IpAddr),
    images: &Images,
    id: MessageId,
) -> Result<DeletedMessage> {
    let revise = Revise { by: Some(viewer.user()), id, revision: Revision::Delete };
    let refused = match app.feed.append_recorded(revise, viewer.record(AuditAction::MessageDeleted, id)).await {
        Ok(row) => {
            images.delete_soon();
            return Ok(DeletedMessage { row, is_from_outside: false });
        }
        Err(refused @ (Error::Forbidden | Error::NotFound)) => refused,
        Err(error) => return Err(error),
    };
    // A key does not moderate in anybody's place.
    if viewer.acting_key().is_some() {
        return Err(refused);
    }
    let moderator = match accounts::moderator(app, viewer, address).await {
        Err(Error::Forbidden) => return Err(refused),
        moderator => moderator?,
    };
    let is_from_outside = matches!(refused, Error::NotFound);
    Ok(DeletedMessage { row: delete_by_moderator(app, moderator, images, id).await?, is_from_outside })
}

/// Likewise for the app's backend, which may delete any message.
pub async fn delete_by_key(app: &App, key: MessagesKey, images: &Images, id: MessageId) -> Result<message::Model> {
    app.rates.key_changes.take(&key.id())?;
    let revise = Revise { by: None, id, revision: Revision::Delete };
    let deleted = app.feed.append_recorded(revise, [key.record(AuditAction::MessageDeleted, id)]).await?;
    images.delete_soon();
    Ok(deleted)
}

/// Likewise for a moderator of the server, who may delete any message.
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

/// Likewise for the operator, who may delete any message.
pub async fn delete_for_operator(app: &App, by: &Operator, images: &Images, id: MessageId) -> Result<message::Model> {
    let revise = Revise { by: None, id, revision: Revision::Delete };
    let deleted = app.feed.append_recorded(revise, [by.record(AuditAction::MessageDeleted, id)]).await?;
    images.delete_soon();
    Ok(deleted)
}

struct Revise {
    /// `None` is the app's backend, a moderator or the operator, who may delete.
    by: Option<UserId>,
    id: MessageId,
    revision: Revision,
}

enum Revision {
    Edit(Rewrite),
    Delete,
}

/// An [`Edit`] that may be written.
struct Rewrite {
    /// `None` removes the caption of an image.
    text: Option<MessageText>,
    mentions: Option<Mentions>,
    metadata: Option<Option<String>>,
}

impl Rewrite {
    /// The message with it.
    fn applied_to(&self, message: &message::Model) -> message::Model {
        let mut edited = message.clone();
        edited.text = self.text.as_ref().map(|text| text.as_str().to_owned());
        if let Some(mentions) = &self.mentions {
            edited.mentions = mentions.to_column();
        }
        if let Some(metadata) = &self.metadata {
            edited.metadata.clone_from(metadata);
        }
        edited
    }

    /// Those whom it calls.
    fn called(&self) -> impl Iterator<Item = UserId> {
        self.mentions.iter().flat_map(Mentions::people)
    }
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
        let own = changes.iter().flat_map(|change| {
            let called = match &change.revision {
                Revision::Edit(rewrite) => rewrite.called().collect(),
                Revision::Delete => Vec::new(),
            };
            let here = conversation_of.get(&change.id).copied();
            here.into_iter()
                .flat_map(move |here| called.clone().into_iter().chain(change.by).map(move |user| (here, user)))
        });
        let own: Vec<_> = own.collect();
        let memberships = db::own_memberships(tx, own).await?;
        let conversations =
            conversation::Entity::find().filter(conversation::Column::Id.is_in(conversation_ids)).all(tx).await?;
        let pairs = conversations.iter().filter_map(|row| row.direct_pair.clone());
        let directs = Directs::read(tx, [], pairs).await?;
        let mut batch = Revisions {
            now: tx.now,
            messages: messages.into_iter().map(|row| (row.id, row)).collect(),
            conversations: conversations.into_iter().map(|row| (row.id, row)).collect(),
            memberships,
            directs,
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
        let called_anew: Vec<_> = messages.values().filter(|row| row.deleted_at.is_none()).cloned().collect();
        let revised = [
            message::Column::Text,
            message::Column::MessageType,
            message::Column::Metadata,
            message::Column::Mentions,
            message::Column::MentionsEveryone,
            message::Column::ImageId,
            message::Column::Version,
            message::Column::EditedAt,
            message::Column::DeletedAt,
            message::Column::PinnedAt,
        ];
        db::upsert(tx, messages.into_values().collect(), revised).await?;
        mentions::rewrite(tx, &called_anew).await?;
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
    directs: Directs,
}

impl Revisions {
    fn plan(&mut self, change: &Revise) -> Result<Plan<Revise>> {
        let message = self.messages.get_mut(&change.id).ok_or(Error::NotFound)?;
        let conversation = self.conversations.get(&message.conversation_id).ok_or(Error::NotFound)?;
        let own = change.by.map(|by| self.memberships.get(&(message.conversation_id, by)).ok_or(Error::NotFound));
        let standing = own.transpose()?.map_or(Standing::App, |own| Standing::Member(own.role));
        let is_own = change.by == Some(message.sender_id);
        let here = ActionPlace::of(conversation, self.directs.can_reach(conversation));
        let is_allowed = match change.revision {
            // An edit reaches everybody as a new message does.
            Revision::Edit(_) => is_own && may(standing, MemberAction::Send, here),
            Revision::Delete => is_own || may(standing, MemberAction::DeleteOthersMessages, here),
        };
        if !is_allowed {
            return Err(Error::Forbidden);
        }
        if message.system_line.is_some() {
            return Err(Error::input("id", "this line says what happened: nobody edits or deletes it"));
        }
        let mut lost = None;
        match &change.revision {
            Revision::Edit(_) if message.deleted_at.is_some() => {
                return Err(Error::input("id", "this message was deleted and cannot be edited"));
            }
            Revision::Edit(Rewrite { text: None, .. }) if message.image_id.is_none() => {
                return Err(Error::input("text", "write a text with visible characters, or delete the message"));
            }
            Revision::Edit(rewrite) => {
                let before: Vec<UserId> = message.mentions.iter().flat_map(message::UserList::people).collect();
                // Who has left may stay in the list.
                let is_fine = |user: &UserId| {
                    before.contains(user) || self.memberships.contains_key(&(message.conversation_id, *user))
                };
                if !rewrite.called().all(|user| is_fine(&user)) {
                    return Err(Mentions::stranger());
                }
                let edited = rewrite.applied_to(message);
                if edited == *message {
                    return Ok(Plan::Done(edited));
                }
                let (edited_at, version) = (Some(self.now), message.version + 1);
                *message = message::Model { edited_at, version, ..edited };
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
