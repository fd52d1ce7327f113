//! Pinned messages. A pin is no version of the message: it is a mark that the conversation's people put on it.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::accounts::Viewer;
use crate::app::App;
use crate::audit::AuditAction;
use crate::conversations::{ActionPlace, Directs, LineKind, MemberAction, Standing, SystemLine, may};
use crate::db::{self, HotSource, Tx};
use crate::entity::{conversation, membership, message};
use crate::error::{Error, Result};
use crate::feed::{self, Change, Cursor, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, MessageId, UserId};
use crate::limits;
use crate::messages::message_event;

/// Pins a message. Again is no change.
pub async fn pin(app: &App, viewer: &Viewer, id: MessageId) -> Result<message::Model> {
    change(app, viewer, id, true).await
}

/// Takes the pin off a message. Again is no change.
pub async fn unpin(app: &App, viewer: &Viewer, id: MessageId) -> Result<message::Model> {
    change(app, viewer, id, false).await
}

async fn change(app: &App, viewer: &Viewer, id: MessageId, is_pinned: bool) -> Result<message::Model> {
    let by = viewer.user();
    app.rates.pin.take(&by)?;
    let record = viewer.record(AuditAction::MessagePinned, id);
    app.feed.append_recorded(SetPin { by, id, is_pinned }, record).await
}

/// The pinned messages of a conversation, the newest pin first. The caller has checked that the viewer may see it.
pub async fn pinned(app: &App, conversation: &conversation::Model) -> Result<Vec<message::Model>> {
    let _turn = app.db.turn().await;
    Ok(pinned_in(&app.db.reader, [conversation.id]).await?)
}

/// Likewise of several conversations. As people may see them: an erased person's have lost their pins.
async fn pinned_in(
    db: &impl ConnectionTrait,
    conversations: impl IntoIterator<Item = ConversationId>,
) -> Result<Vec<message::Model>, DbErr> {
    let pinned = message::Entity::find()
        .filter(message::Column::ConversationId.is_in(conversations))
        .filter(message::Column::PinnedAt.is_not_null())
        .order_by_desc(message::Column::PinnedAt)
        .order_by_desc(message::Column::Seq);
    let mut rows = message::read(pinned, db).await?;
    rows.retain(|row| row.pinned_at.is_some());
    Ok(rows)
}

struct SetPin {
    by: UserId,
    id: MessageId,
    is_pinned: bool,
}

/// A pin to put on a message, or to take off.
struct PinWrite {
    by: UserId,
    message: message::Model,
    is_pinned: bool,
}

impl Change for SetPin {
    type Answer = message::Model;
    type Write = PinWrite;
    /// After the messages of the batch: a pin has a line in the history, behind them.
    const RANK: Rank = Rank::Members;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = Pins::read(tx, changes).await?;
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<PinWrite>>) -> Writes<Self> {
        // Read again: messages of the same batch have been written, and deleted, since the pins were planned.
        let ids: HashSet<MessageId> = writes.iter().map(|placed| placed.write.message.id).collect();
        let rows = message::Entity::find().filter(message::Column::Id.is_in(ids)).all(tx).await?;
        let mut rows: HashMap<MessageId, message::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let ids: HashSet<ConversationId> = rows.values().map(|row| row.conversation_id).collect();
        let places = conversation::Entity::find().filter(conversation::Column::Id.is_in(ids)).all(tx).await?;
        let mut places: HashMap<ConversationId, conversation::Model> =
            places.into_iter().map(|row| (row.id, row)).collect();
        let mut lines = Vec::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: PinWrite { by, message, is_pinned }, first } in writes {
            let missing = || DbErr::Custom("a message to pin has no row".into());
            let row = rows.get_mut(&message.id).ok_or_else(missing)?;
            let place = places.get_mut(&message.conversation_id).ok_or_else(missing)?;
            row.pinned_at = (is_pinned && row.deleted_at.is_none()).then_some(tx.now);
            place.last_position = first.position;
            let mut events = vec![pins_event(row, by)];
            if is_pinned {
                let at = Cursor { position: first.position + feed::positions(events.len()), ..first };
                let (line, event) = SystemLine::of(LineKind::MessagePinned).say(place, by, at, tx.now);
                let line = message::Model { reply_to_id: Some(row.id), ..line };
                events.push(NewEvent { row: Some(std::sync::Arc::new(line.clone())), ..event });
                lines.push(line);
            }
            written.push(Written { answer: row.clone(), events });
        }
        db::upsert(tx, rows.into_values().collect(), [message::Column::PinnedAt]).await?;
        tx.advance_conversations(places.into_values().collect()).await?;
        tx.insert_messages(lines).await?;
        Ok(written)
    }
}

/// The event for a message that was pinned, or whose pin was taken off. Its detail says which.
fn pins_event(row: &message::Model, by: UserId) -> NewEvent {
    let detail = if row.pinned_at.is_some() { PINNED } else { "{}" };
    NewEvent { user: Some(by), detail: Some(detail.into()), ..message_event(EventKind::PinsChanged, row) }
}

const PINNED: &str = r#"{"pinned":true}"#;

/// Whether the message of a PinsChanged was pinned by it.
pub fn was_pinned(event: &NewEvent) -> bool {
    event.detail.as_deref() == Some(PINNED)
}

/// The data that a batch of pins needs, and its decisions so far.
struct Pins {
    messages: HashMap<MessageId, message::Model>,
    conversations: HashMap<ConversationId, conversation::Model>,
    memberships: HashMap<(ConversationId, UserId), membership::Model>,
    directs: Directs,
    /// How many messages are pinned in each conversation.
    counts: HashMap<ConversationId, usize>,
}

impl Pins {
    async fn read(db: &impl HotSource, changes: &[SetPin]) -> Result<Self, DbErr> {
        let ids: HashSet<MessageId> = changes.iter().map(|change| change.id).collect();
        let rows = message::read(message::Entity::find().filter(message::Column::Id.is_in(ids)), db).await?;
        let messages: HashMap<MessageId, message::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let places: HashSet<ConversationId> = messages.values().map(|row| row.conversation_id).collect();
        let own = changes.iter().filter_map(|change| Some((messages.get(&change.id)?.conversation_id, change.by)));
        let memberships = db::own_memberships(db, own).await?;
        let conversations = db::conversations(db, places.iter().copied()).await?;
        let pairs = conversations.iter().filter_map(|row| row.direct_pair.clone());
        let directs = Directs::read(db, [], pairs).await?;
        let mut counts: HashMap<ConversationId, usize> = HashMap::new();
        for row in pinned_in(db, places).await? {
            *counts.entry(row.conversation_id).or_default() += 1;
        }
        let conversations = conversations.into_iter().map(|row| (row.id, row)).collect();
        Ok(Self { messages, conversations, memberships, directs, counts })
    }

    fn plan(&mut self, change: &SetPin) -> Result<Plan<SetPin>> {
        let SetPin { by, id, is_pinned } = *change;
        let message = self.messages.get_mut(&id).ok_or(Error::NotFound)?;
        let own = self.memberships.get(&(message.conversation_id, by)).ok_or(Error::NotFound)?;
        let place = self.conversations.get(&message.conversation_id).ok_or(Error::NotFound)?;
        let here = ActionPlace::of(place, self.directs.can_reach(place));
        if !may(Standing::Member(own.role), MemberAction::Pin, here) {
            return Err(Error::Forbidden);
        }
        if message.system_line.is_some() {
            return Err(Error::input("messageId", "this line says what happened: nobody pins it"));
        }
        if message.deleted_at.is_some() {
            return Err(Error::input("messageId", "this message was deleted and cannot be pinned"));
        }
        if message.pinned_at.is_some() == is_pinned {
            return Ok(Plan::Done(message.clone()));
        }
        let count = self.counts.entry(message.conversation_id).or_default();
        match is_pinned {
            true if *count >= limits::PINS => {
                let most = limits::PINS;
                return Err(Error::input("messageId", format!("a conversation has at most {most} pinned messages")));
            }
            true => *count += 1,
            false => *count = count.saturating_sub(1),
        }
        // For the rest of the batch; the time is written later.
        message.pinned_at = is_pinned.then_some(message.created_at);
        let events = if is_pinned { 2 } else { 1 };
        Ok(Plan::Write { write: PinWrite { by, message: message.clone(), is_pinned }, events })
    }
}
