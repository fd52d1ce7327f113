//! Plans a batch of sends.

use std::collections::{HashMap, HashSet};

use sea_orm::DbErr;

use super::{New, Send, SendWrite, SenderMembership, repeated};
use crate::clock::Timestamp;
use crate::conversations::{ActionPlace, Directs, MemberAction, Reference, Standing, may};
use crate::db::{self, HotSource};
use crate::entity::conversation::{self, DirectPair};
use crate::entity::membership::{self, Role};
use crate::entity::message;
use crate::error::{Error, Result};
use crate::feed::Plan;
use crate::id::{ConversationId, MessageId, UserId};
use crate::images::{ImageAttachment, ImageClaims};
use crate::messages::Mentions;

/// The data that a batch of sends needs, and its decisions so far.
pub(super) struct Sends {
    now: Timestamp,
    /// Known messages by id, and whether they are written: `false` for those of this batch.
    sent: HashMap<MessageId, (message::Model, bool)>,
    /// Ids that clients chose for messages, and that something else has.
    used: HashSet<MessageId>,
    replied_to: HashMap<MessageId, ConversationId>,
    conversations: HashMap<ConversationId, conversation::Model>,
    /// Of senders, and of those whom they call.
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    /// How many are in the conversations in which everybody is called.
    members: HashMap<ConversationId, usize>,
    directs: Directs,
    images: ImageClaims,
    /// The direct conversations that this batch creates.
    begun: HashSet<ConversationId>,
}

impl Sends {
    pub(super) async fn read(db: &impl HotSource, now: Timestamp, changes: &[Send]) -> Result<Self, DbErr> {
        let ids = changes.iter().map(|change| change.id);
        let replied_to = changes.iter().filter_map(|change| change.reply_to);
        let known: HashSet<MessageId> = ids.chain(replied_to).collect();
        let known = db::messages(db, known).await?;
        let is_known = |change: &&Send| known.iter().any(|row| row.id == change.id);
        let named: Vec<MessageId> =
            changes.iter().filter(|change| change.is_named && !is_known(change)).map(|change| change.id).collect();
        let used = db::message_ids_in_use(db, &named).await?;
        let mut pairs = Vec::new();
        // The conversations of messages that were already sent are needed to recognise a retry.
        let mut conversation_ids: HashSet<ConversationId> = known.iter().map(|row| row.conversation_id).collect();
        for change in changes {
            match change.to {
                Reference::Id(id) => {
                    conversation_ids.insert(id);
                }
                Reference::Direct(other) => pairs.push(DirectPair::of(change.sender, other)),
            }
        }
        let named = db::conversations(db, conversation_ids).await?;
        let directs = Directs::read(db, pairs, named.iter().filter_map(|row| row.direct_pair.clone())).await?;
        let known_directs = directs.known().cloned();
        let conversations: HashMap<_, _> = named.into_iter().chain(known_directs).map(|row| (row.id, row)).collect();
        let sent: HashMap<_, _> = known.into_iter().map(|row| (row.id, row)).collect();
        let mut own = Vec::with_capacity(changes.len());
        for change in changes {
            let to = match change.to {
                Reference::Id(id) => Some(id),
                Reference::Direct(other) => directs.find(change.sender, other).map(|row| row.id),
            };
            let of_a_retry = sent.get(&change.id).map(|sent| sent.conversation_id);
            own.extend([to, of_a_retry].into_iter().flatten().map(|id| (id, change.sender)));
            own.extend(to.into_iter().flat_map(|id| change.extras.mentions.people().map(move |user| (id, user))));
        }
        let memberships = db::own_memberships(db, own).await?;
        let crowds = changes.iter().filter(|change| change.extras.mentions_everyone);
        let crowds: HashSet<ConversationId> = crowds
            .filter_map(|change| match change.to {
                Reference::Id(id) => Some(id),
                Reference::Direct(_) => None,
            })
            .collect();
        let members = match crowds.is_empty() {
            true => HashMap::new(),
            false => db::member_counts(db, crowds).await?,
        };
        let images = ImageClaims::read(db, now, changes.iter().filter_map(|change| change.image.as_ref())).await?;
        Ok(Self {
            now,
            images,
            used,
            members,
            replied_to: sent.values().map(|row| (row.id, row.conversation_id)).collect(),
            sent: sent.into_iter().map(|(id, row)| (id, (row, true))).collect(),
            conversations,
            memberships,
            directs,
            begun: HashSet::new(),
        })
    }

    pub(super) fn plan(&mut self, send: &Send) -> Result<Plan<Send>> {
        if let Some((sent, is_written)) = self.sent.get(&send.id) {
            let key = (sent.conversation_id, send.sender);
            let is_in = self.memberships.contains_key(&key) || self.begun.contains(&sent.conversation_id);
            let own = self.conversations.get(&sent.conversation_id).filter(|_| is_in);
            let sent = repeated(send.sender, send.to, sent, own)?;
            return Ok(match is_written {
                true => Plan::Done(sent),
                false => Plan::Write { write: SendWrite::Repeat(sent.id), events: 0 },
            });
        }
        if self.used.contains(&send.id) {
            return Err(Error::input("id", "something else has this id: choose a new UUIDv7"));
        }
        // Nothing is recorded before all checks have passed.
        let (mut conversation, standing) = self.conversation(send)?;
        self.check_permission(send, &conversation, &standing)?;
        if let Some(reply_to) = send.reply_to
            && self.replied_to.get(&reply_to) != Some(&conversation.id)
        {
            return Err(Error::NotFound);
        }
        if let Some(image) = &send.image {
            self.images.take(image)?;
        }
        conversation.last_seq += 1;
        let message = message::Model {
            id: send.id,
            conversation_id: conversation.id,
            seq: conversation.last_seq,
            sender_id: send.sender,
            text: send.text.as_ref().map(|text| text.as_str().to_owned()),
            reply_to_id: send.reply_to,
            image_id: send.image.as_ref().map(ImageAttachment::id),
            version: 1,
            position: 0,
            nonce: 0,
            created_at: self.now,
            edited_at: None,
            deleted_at: None,
            message_type: send.extras.message_type.as_ref().map(|name| name.as_str().to_owned()),
            metadata: send.extras.metadata.clone(),
            system_line: None,
            mentions: send.extras.mentions.to_column(),
            mentions_everyone: send.extras.mentions_everyone,
            reactions: None,
            pinned_at: None,
        };
        if let SenderMembership::Begins = standing {
            self.begun.insert(conversation.id);
        }
        self.conversations.insert(conversation.id, conversation.clone());
        self.sent.insert(message.id, (message.clone(), false));
        self.replied_to.insert(message.id, conversation.id);
        let events = match standing {
            SenderMembership::Begins => 3,
            SenderMembership::Member(_) | SenderMembership::Begun => 1,
        };
        Ok(Plan::Write {
            write: SendWrite::New(Box::new(New { message, image: send.image.clone(), conversation, standing })),
            events,
        })
    }

    /// Whether the sender may write there, and call those whom the message calls.
    fn check_permission(&self, send: &Send, to: &conversation::Model, standing: &SenderMembership) -> Result<()> {
        let (role, refusal) = match standing {
            SenderMembership::Member(own) => (own.role, Error::Forbidden),
            SenderMembership::Begun => (Role::Member, Error::Forbidden),
            // As if there were nobody.
            SenderMembership::Begins => (Role::Member, Error::NotFound),
        };
        let place = ActionPlace::of(to, self.directs.can_reach(to));
        let place = ActionPlace { members: self.members.get(&to.id).copied(), ..place };
        let asked = [(true, MemberAction::Send), (send.extras.mentions_everyone, MemberAction::MentionEveryone)];
        if !asked.iter().all(|(is_asked, what)| !is_asked || may(Standing::Member(role), *what, place)) {
            return Err(refusal);
        }
        let is_in = |user: UserId| match standing {
            SenderMembership::Member(_) => self.memberships.contains_key(&(to.id, user)),
            SenderMembership::Begins | SenderMembership::Begun => {
                to.direct_pair.iter().flat_map(DirectPair::people).any(|person| person == user)
            }
        };
        if send.extras.mentions.people().all(is_in) { Ok(()) } else { Err(Mentions::stranger()) }
    }

    /// The conversation of a message, as earlier ones of the batch have left it.
    fn conversation(&mut self, send: &Send) -> Result<(conversation::Model, SenderMembership)> {
        let found = match send.to {
            Reference::Id(id) => {
                let found = self.conversations.get(&id).filter(|found| self.directs.is_open(found));
                found.cloned().ok_or(Error::NotFound)?
            }
            Reference::Direct(other) => self.directs.between(send.sender, other, self.now)?.0,
        };
        let is_new = !self.conversations.contains_key(&found.id);
        let conversation = self.conversations.get(&found.id).cloned().unwrap_or(found);
        let standing = if is_new {
            SenderMembership::Begins
        } else if let Some(row) = self.memberships.get(&(conversation.id, send.sender)) {
            SenderMembership::Member(row.clone())
        } else if self.begun.contains(&conversation.id) && matches!(send.to, Reference::Direct(_)) {
            SenderMembership::Begun
        } else {
            return Err(Error::NotFound);
        };
        Ok((conversation, standing))
    }
}
