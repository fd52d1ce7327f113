//! Writes reactions to messages: what came together becomes one event.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::detail::{ReactionStep, to_detail};
use super::emoji::Emoji;
use crate::conversations::{ActionPlace, Directs, MemberAction, Standing, may};
use crate::db::{self, Tx};
use crate::entity::reaction::{self, ReactionCounts};
use crate::entity::{conversation, membership, message};
use crate::error::{Error, Result};
use crate::feed::{Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, MessageId, UserId};
use crate::limits;
use crate::messages::message_event;

/// What people do with their reactions to one message, in their order.
pub(super) struct React {
    pub(super) message: MessageId,
    pub(super) steps: Vec<ReactionWish>,
    /// Whether an erasure takes away what an erased person left: of any message, and nobody is asked.
    pub(super) is_erasure: bool,
}

/// One person adds a reaction, or takes it back.
pub(super) struct ReactionWish {
    pub(super) user: UserId,
    pub(super) emoji: Emoji,
    pub(super) adds: bool,
}

/// What is written of a message.
pub(super) struct Reacted {
    message: MessageId,
    conversation: conversation::Model,
    /// Who reacts with what from now on, or does no longer.
    net: Vec<ReactionStep>,
    answers: Vec<Result<()>>,
}

impl Change for React {
    /// One answer for each step: the message afterwards.
    type Answer = Vec<Result<message::Model>>;
    type Write = Reacted;
    // Behind what else is done to the messages, of which `write` then knows.
    const RANK: Rank = Rank::ReadMarks;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = ReactionBatch::read(tx, changes).await?;
        Ok(changes.iter().map(|change| Ok(batch.plan(change))).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Reacted>>) -> Writes<Self> {
        let ids: HashSet<MessageId> = writes.iter().map(|placed| placed.write.message).collect();
        store(tx, &writes, &ids).await?;
        let positions = writes.iter().map(|placed| {
            let Placed { write, first } = placed;
            (write.conversation.id, conversation::Model { last_position: first.position, ..write.conversation.clone() })
        });
        let positions: HashMap<ConversationId, conversation::Model> = positions.collect();
        tx.set_last_positions(positions.into_values().collect()).await?;
        let shown = message::read(message::Entity::find().filter(message::Column::Id.is_in(ids)), tx).await?;
        let shown: HashMap<MessageId, message::Model> = shown.into_iter().map(|row| (row.id, row)).collect();
        let written = writes.into_iter().map(|Placed { write, .. }| {
            let message = shown.get(&write.message).ok_or_else(|| DbErr::Custom("a message is gone".into()))?;
            let detail = to_detail(&write.net);
            let event = NewEvent { detail, ..message_event(EventKind::ReactionsChanged, message) };
            Ok(Written { answer: answers(write.answers, message), events: vec![event] })
        });
        written.collect()
    }
}

fn answers(steps: Vec<Result<()>>, message: &message::Model) -> Vec<Result<message::Model>> {
    steps.into_iter().map(|step| step.map(|()| message.clone())).collect()
}

/// Writes the rows and the counts, as the messages are now: one that was deleted in this batch has no reactions.
async fn store(tx: &Tx, writes: &[Placed<Reacted>], ids: &HashSet<MessageId>) -> Result<(), DbErr> {
    let rows = message::Entity::find()
        .filter(message::Column::Id.is_in(ids.iter().copied()))
        .filter(message::Column::DeletedAt.is_null())
        .all(tx)
        .await?;
    let mut living: HashMap<MessageId, message::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    // The last step of each decides, if several of the batch are about the same.
    let mut last: HashMap<(MessageId, &str, UserId), Option<i64>> = HashMap::new();
    for Placed { write, first } in writes {
        let Some(row) = living.get_mut(&write.message) else { continue };
        let mut counts = ReactionCounts::parse(row.reactions.as_deref());
        for step in &write.net {
            match step.adds {
                true => counts.add(&step.emoji),
                false => counts.remove(&step.emoji),
            }
            last.insert((write.message, &step.emoji, step.user), step.adds.then_some(first.position));
        }
        row.reactions = counts.to_column();
    }
    let mut added = Vec::new();
    let mut removed: HashMap<(MessageId, &str), Vec<UserId>> = HashMap::new();
    for ((message_id, emoji, user_id), position) in last {
        match position {
            Some(position) => {
                added.push(reaction::Model { message_id, user_id, emoji: emoji.to_owned(), position });
            }
            None => removed.entry((message_id, emoji)).or_default().push(user_id),
        }
    }
    for ((message, emoji), users) in removed {
        reaction::Entity::delete_many()
            .filter(reaction::Column::MessageId.eq(message))
            .filter(reaction::Column::Emoji.eq(emoji))
            .filter(reaction::Column::UserId.is_in(users))
            .exec(tx)
            .await?;
    }
    db::upsert(tx, added, [reaction::Column::Position]).await?;
    db::upsert(tx, living.into_values().collect(), [message::Column::Reactions]).await
}

/// The data that a batch needs, and its decisions so far.
struct ReactionBatch {
    /// As people see them.
    messages: HashMap<MessageId, message::Model>,
    /// What is stored, with the reactions of erased people whom the sweep has not reached.
    counts: HashMap<MessageId, ReactionCounts>,
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    directs: Directs,
    /// What the people of this batch react with.
    own: HashMap<(MessageId, UserId), HashSet<String>>,
}

impl ReactionBatch {
    async fn read(tx: &Tx, changes: &[React]) -> Result<Self, DbErr> {
        let ids: HashSet<MessageId> = changes.iter().map(|change| change.message).collect();
        let find = || message::Entity::find().filter(message::Column::Id.is_in(ids.iter().copied()));
        let messages = message::read(find(), tx).await?;
        let stored = find().select_only().columns([message::Column::Id, message::Column::Reactions]);
        let stored = stored.into_tuple::<(MessageId, Option<String>)>().all(tx).await?;
        let messages: HashMap<MessageId, message::Model> = messages.into_iter().map(|row| (row.id, row)).collect();
        let places: HashSet<ConversationId> = messages.values().map(|row| row.conversation_id).collect();
        let people = changes.iter().flat_map(|change| change.steps.iter().map(|step| (change.message, step.user)));
        let people: HashSet<(MessageId, UserId)> = people.collect();
        let members = people.iter().filter_map(|(id, user)| Some((messages.get(id)?.conversation_id, *user)));
        let memberships = db::own_memberships(tx, members).await?;
        let rows = reaction::Entity::find()
            .filter(reaction::Column::MessageId.is_in(ids.iter().copied()))
            .filter(reaction::Column::UserId.is_in(people.iter().map(|(_, user)| *user)))
            .all(tx)
            .await?;
        let mut own: HashMap<(MessageId, UserId), HashSet<String>> = HashMap::new();
        for row in rows {
            own.entry((row.message_id, row.user_id)).or_default().insert(row.emoji);
        }
        let conversations = db::conversations(tx, places).await?;
        let pairs = conversations.iter().filter_map(|row| row.direct_pair.clone());
        let directs = Directs::read(tx, [], pairs).await?;
        Ok(Self {
            messages,
            counts: stored.into_iter().map(|(id, json)| (id, ReactionCounts::parse(json.as_deref()))).collect(),
            conversations: conversations.into_iter().map(|row| (row.id, row)).collect(),
            memberships,
            directs,
            own,
        })
    }

    fn plan(&mut self, change: &React) -> Plan<React> {
        let mut net: Vec<ReactionStep> = Vec::new();
        let answers: Vec<Result<()>> = change.steps.iter().map(|step| self.step(change, step, &mut net)).collect();
        let message = self.messages.get(&change.message);
        let here = message.and_then(|row| Some((row, self.conversations.get(&row.conversation_id)?)));
        match here {
            Some((_, conversation)) if !net.is_empty() => {
                let conversation = conversation.clone();
                let write = Reacted { message: change.message, conversation, net, answers };
                Plan::Write { write, events: 1 }
            }
            Some((message, _)) => Plan::Done(self::answers(answers, message)),
            // Then no step succeeded.
            None => {
                Plan::Done(answers.into_iter().map(|answer| Err(answer.err().unwrap_or(Error::NotFound))).collect())
            }
        }
    }

    /// Decides about one step, and notes what it changes.
    fn step(&mut self, change: &React, step: &ReactionWish, net: &mut Vec<ReactionStep>) -> Result<()> {
        let message = self.messages.get(&change.message).ok_or(Error::NotFound)?;
        let member = self.memberships.get(&(message.conversation_id, step.user));
        if !change.is_erasure {
            member.ok_or(Error::NotFound)?;
            takes_reactions(message)?;
        }
        let own = self.own.entry((change.message, step.user)).or_default();
        let counts = self.counts.entry(change.message).or_default();
        let emoji = step.emoji.as_str();
        if own.contains(emoji) == step.adds {
            return Ok(());
        }
        if step.adds {
            let conversation = self.conversations.get(&message.conversation_id).ok_or(Error::NotFound)?;
            let here = ActionPlace::of(conversation, self.directs.can_reach(conversation));
            if !member.is_some_and(|own| may(Standing::Member(own.role), MemberAction::React, here)) {
                return Err(Error::Forbidden);
            }
            if own.len() >= limits::REACTIONS_PER_PERSON {
                let most = limits::REACTIONS_PER_PERSON;
                return Err(Error::input("emoji", format!("react with at most {most} emoji to a message")));
            }
            if !counts.has(emoji) && counts.0.len() >= limits::REACTION_EMOJI {
                let most = limits::REACTION_EMOJI;
                return Err(Error::input("emoji", format!("a message takes at most {most} different emoji")));
            }
            own.insert(emoji.to_owned());
            counts.add(emoji);
        } else {
            own.remove(emoji);
            counts.remove(emoji);
        }
        // A step and its opposite are none.
        match net.iter().position(|known| known.user == step.user && known.emoji == emoji) {
            Some(opposite) => {
                net.remove(opposite);
            }
            None => net.push(ReactionStep { user: step.user, emoji: emoji.to_owned(), adds: step.adds }),
        }
        Ok(())
    }
}

/// Whether people may react to a message at all.
pub(super) fn takes_reactions(message: &message::Model) -> Result<()> {
    if message.counts_as_unread() {
        return Ok(());
    }
    Err(Error::input("messageId", "nobody can react to a deleted message, or to a line of the conversation's own"))
}
