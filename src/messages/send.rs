//! Sends a message: once, however often it is tried, and with a seq that leaves no hole.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::{self, Directs, Membership, Reference};
use crate::db;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::membership::{self, Role};
use crate::entity::message;
use crate::error::{Error, Result};
use crate::feed::{Change, Cursor, Kind, Placed, Plan, Rank, Written};
use crate::id::{ConversationId, MessageId, UserId};
use crate::messages::{MessageText, told};

/// What a person wants to send.
#[derive(Debug)]
pub struct NewMessage {
    /// The client's, so that a retry is the same message.
    pub id: Option<MessageId>,
    /// Where to.
    pub to: Reference,
    /// As it was typed.
    pub text: Option<String>,
    /// What it replies to, in the same conversation.
    pub reply_to: Option<MessageId>,
}

/// Sends a message, or returns the one that was sent before with the same id, as it is now.
pub async fn send(app: &App, sender: UserId, new: NewMessage) -> Result<message::Model> {
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
    let text = new.text.ok_or_else(|| Error::input("text", "a message has a text"))?;
    let text = MessageText::parse(&text)?;
    app.rates.send.take(&sender)?;
    let id = new.id.unwrap_or_else(MessageId::new);
    app.feed.append(Send { id, sender, to: new.to, text, reply_to: new.reply_to }).await
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
    text: MessageText,
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
        let mut batch = Sends::read(tx, now, &changes).await?;
        Ok(changes.into_iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(
        tx: &DatabaseTransaction,
        _: Timestamp,
        writes: Vec<Placed<Sending>>,
    ) -> Result<Vec<Written<Self>>, DbErr> {
        write(tx, writes).await
    }
}

/// What a batch of sends needs to know, and what it has decided so far.
struct Sends {
    now: Timestamp,
    /// Those that are written and those of this batch, by id.
    sent: HashMap<MessageId, (message::Model, bool)>,
    replied_to: HashMap<MessageId, ConversationId>,
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    directs: Directs,
    /// The direct conversations that this batch makes.
    begun: HashSet<ConversationId>,
}

impl Sends {
    async fn read(tx: &DatabaseTransaction, now: Timestamp, changes: &[Send]) -> Result<Self, DbErr> {
        let ids = changes.iter().map(|change| change.id);
        let replied_to = changes.iter().filter_map(|change| change.reply_to);
        let known: HashSet<MessageId> = ids.chain(replied_to).collect();
        let known = message::Entity::find().filter(message::Column::Id.is_in(known)).all(tx).await?;
        let mut pairs = Vec::new();
        // Where the messages are that were sent before is needed to tell a retry.
        let mut conversation_ids: HashSet<ConversationId> = known.iter().map(|row| row.conversation_id).collect();
        for change in changes {
            match change.to {
                Reference::Id(id) => {
                    conversation_ids.insert(id);
                }
                Reference::Direct(other) => pairs.push(DirectPair::of(change.sender, other)),
            }
        }
        let mut named = Vec::new();
        if !conversation_ids.is_empty() {
            named =
                conversation::Entity::find().filter(conversation::Column::Id.is_in(conversation_ids)).all(tx).await?;
        }
        let directs = Directs::read(tx, pairs, named.iter().filter_map(|row| row.direct_pair.clone())).await?;
        let known_directs = directs.known().cloned();
        let conversations: HashMap<_, _> = named.into_iter().chain(known_directs).map(|row| (row.id, row)).collect();
        let senders: HashSet<UserId> = changes.iter().map(|change| change.sender).collect();
        let memberships = conversations::find_own(tx, senders, conversations.keys().copied()).await?;
        Ok(Self {
            now,
            replied_to: known.iter().map(|row| (row.id, row.conversation_id)).collect(),
            sent: known.into_iter().map(|row| (row.id, (row, true))).collect(),
            conversations,
            memberships,
            directs,
            begun: HashSet::new(),
        })
    }

    fn plan(&mut self, send: Send) -> Result<Plan<Send>> {
        if let Some((sent, is_written)) = self.sent.get(&send.id) {
            let place = (sent.conversation_id, send.sender);
            let is_in = self.memberships.contains_key(&place) || self.begun.contains(&sent.conversation_id);
            let own = self.conversations.get(&sent.conversation_id).filter(|_| is_in);
            let sent = repeated(send.sender, send.to, sent, own)?;
            return Ok(match is_written {
                true => Plan::Done(sent),
                false => Plan::Write { write: Sending::Repeat(sent.id), events: 0 },
            });
        }
        let (mut conversation, standing) = self.conversation(&send)?;
        if let Some(reply_to) = send.reply_to
            && self.replied_to.get(&reply_to) != Some(&conversation.id)
        {
            return Err(Error::NotFound);
        }
        conversation.last_seq += 1;
        let message = message::Model {
            id: send.id,
            conversation_id: conversation.id,
            seq: conversation.last_seq,
            sender_id: send.sender,
            text: Some(send.text.as_str().to_owned()),
            reply_to_id: send.reply_to,
            version: 1,
            position: 0,
            nonce: 0,
            created_at: self.now,
            edited_at: None,
            deleted_at: None,
        };
        self.conversations.insert(conversation.id, conversation.clone());
        self.sent.insert(message.id, (message.clone(), false));
        self.replied_to.insert(message.id, conversation.id);
        let events = match standing {
            Standing::Begins => 3,
            Standing::Member(_) | Standing::Begun => 1,
        };
        Ok(Plan::Write { write: Sending::New(Box::new(New { message, conversation, standing })), events })
    }

    /// Where a message goes, as earlier ones of the batch have left it.
    fn conversation(&mut self, send: &Send) -> Result<(conversation::Model, Standing)> {
        let (found, is_new) = match send.to {
            Reference::Id(id) => {
                let found = self.conversations.get(&id).filter(|found| self.directs.is_open(found));
                (found.cloned().ok_or(Error::NotFound)?, false)
            }
            Reference::Direct(other) => self.directs.between(send.sender, other, self.now)?,
        };
        let conversation = self.conversations.get(&found.id).cloned().unwrap_or(found);
        let standing = if is_new {
            self.begun.insert(conversation.id);
            Standing::Begins
        } else if let Some(row) = self.memberships.get(&(conversation.id, send.sender)) {
            Standing::Member(row.clone())
        } else if self.begun.contains(&conversation.id) && matches!(send.to, Reference::Direct(_)) {
            Standing::Begun
        } else {
            return Err(Error::NotFound);
        };
        Ok((conversation, standing))
    }
}

/// The rows that a batch of sends leaves.
#[derive(Default)]
struct Rows {
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    messages: HashMap<MessageId, message::Model>,
}

async fn write(tx: &DatabaseTransaction, writes: Vec<Placed<Sending>>) -> Result<Vec<Written<Send>>, DbErr> {
    let mut rows = Rows::default();
    let mut written = Vec::with_capacity(writes.len());
    for Placed { write, first } in writes {
        written.push(match write {
            Sending::New(new) => rows.add(*new, first),
            Sending::Repeat(id) => {
                let sent = rows.messages.get(&id).cloned();
                Written::silent(sent.ok_or_else(|| DbErr::Custom("a repeated message was not written".into()))?)
            }
        });
    }
    rows.save(tx).await?;
    Ok(written)
}

impl Rows {
    fn add(&mut self, new: New, first: Cursor) -> Written<Send> {
        let New { mut message, mut conversation, standing } = new;
        let mut events = Vec::with_capacity(3);
        message.position = first.position;
        message.nonce = first.nonce.into();
        let own = (conversation.id, message.sender_id);
        match standing {
            Standing::Member(row) => {
                self.memberships.entry(own).or_insert(row);
            }
            Standing::Begun => {}
            Standing::Begins => {
                for user_id in conversation.direct_pair.iter().flat_map(DirectPair::people) {
                    events.push(conversations::joined(conversation.id, user_id));
                    self.memberships.insert(
                        (conversation.id, user_id),
                        membership::Model {
                            conversation_id: conversation.id,
                            user_id,
                            from_position: message.position,
                            to_position: None,
                            role: Role::Member,
                            last_read_seq: 0,
                            joined_at: message.created_at,
                        },
                    );
                    message.position += 1;
                }
            }
        }
        // Sending counts as reading.
        if let Some(own) = self.memberships.get_mut(&own) {
            own.last_read_seq = message.seq;
        }
        events.push(told(Kind::MessageAdded, &message));
        conversation.last_position = message.position;
        conversation.active_position = message.position;
        self.conversations.insert(conversation.id, conversation);
        self.messages.insert(message.id, message.clone());
        Written { answer: message, events }
    }

    /// One statement a table. What is there is named by its key, and only what changed of it is set.
    async fn save(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        let moved =
            [conversation::Column::LastSeq, conversation::Column::LastPosition, conversation::Column::ActivePosition];
        db::upsert(tx, self.conversations.into_values().collect(), moved).await?;
        db::upsert(tx, self.memberships.into_values().collect(), [membership::Column::LastReadSeq]).await?;
        db::insert(tx, self.messages.into_values().collect()).await
    }
}
