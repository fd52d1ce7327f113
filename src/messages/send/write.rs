//! Writes a batch of sends.

use std::collections::HashMap;

use sea_orm::DbErr;

use super::{New, Send, SendWrite, SenderMembership};
use crate::conversations;
use crate::db::Tx;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::{membership, message};
use crate::feed::{Cursor, EventKind, Placed, Writes, Written};
use crate::id::{ConversationId, MessageId, UserId};
use crate::images::{self, ImageAttachment};
use crate::messages::{mentions, message_event};

/// The rows that a batch of sends writes.
#[derive(Default)]
struct Rows {
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    messages: HashMap<MessageId, message::Model>,
    images: Vec<ImageAttachment>,
}

pub(super) async fn write(tx: &Tx, writes: Vec<Placed<SendWrite>>) -> Writes<Send> {
    let mut rows = Rows::default();
    let mut written = Vec::with_capacity(writes.len());
    for Placed { write, first } in writes {
        written.push(match write {
            SendWrite::New(new) => rows.add(*new, first),
            SendWrite::Repeat(id) => {
                let sent = rows.messages.get(&id).cloned();
                Written::silent(sent.ok_or_else(|| DbErr::Custom("a repeated message was not written".into()))?)
            }
        });
    }
    images::attach(tx, std::mem::take(&mut rows.images)).await?;
    rows.save(tx).await?;
    Ok(written)
}

impl Rows {
    fn add(&mut self, new: New, first: Cursor) -> Written<Send> {
        let New { mut message, image, mut conversation, standing } = new;
        self.images.extend(image);
        let mut events = Vec::with_capacity(3);
        message.position = first.position;
        message.nonce = first.nonce.into();
        let own = (conversation.id, message.sender_id);
        match standing {
            SenderMembership::Member(row) => {
                self.memberships.entry(own).or_insert(row);
            }
            SenderMembership::Begun => {}
            SenderMembership::Begins => {
                for user_id in conversation.direct_pair.iter().flat_map(DirectPair::people) {
                    events.push(conversations::joined_event(conversation.id, user_id, Some(message.sender_id)));
                    self.memberships.insert(
                        (conversation.id, user_id),
                        membership::Model::new((conversation.id, user_id), message.position, 0, message.created_at),
                    );
                    message.position += 1;
                }
            }
        }
        // Sending counts as reading.
        if let Some(own) = self.memberships.get_mut(&own) {
            own.last_read_seq = message.seq;
        }
        events.push(message_event(EventKind::MessageAdded, &message));
        conversation.last_position = message.position;
        conversation.active_position = message.position;
        self.conversations.insert(conversation.id, conversation);
        self.messages.insert(message.id, message.clone());
        Written { answer: message, events }
    }

    /// A statement per table, or on the hot way one per row. Existing rows are matched by key, and only the columns that
    /// changed are updated.
    async fn save(self, tx: &Tx) -> Result<(), DbErr> {
        tx.advance_conversations(self.conversations.into_values().collect()).await?;
        tx.set_read_marks(self.memberships.into_values().collect()).await?;
        let messages: Vec<message::Model> = self.messages.into_values().collect();
        let calls = mentions::rows(tx, &messages).await?;
        tx.insert_messages(messages).await?;
        tx.insert_mentions(calls).await
    }
}
