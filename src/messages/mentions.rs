//! Whom messages call: by their ids, never by what is in the text.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};

use crate::accounts::Viewer;
use crate::app::App;
use crate::db::{self, Tx};
use crate::entity::conversation::DirectPair;
use crate::entity::{mention, message};
use crate::error::{Error, Result};
use crate::feed::Position;
use crate::id::UserId;
use crate::limits;
use crate::page::Page;

/// People whom a message calls, each once, in the order in which they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions(Vec<UserId>);

impl Mentions {
    /// Takes up to 50 ids. Whether they are of the conversation is decided where the message is written.
    pub fn new(people: impl IntoIterator<Item = UserId>) -> Result<Self> {
        let mut seen = HashSet::new();
        let people: Vec<UserId> = people.into_iter().filter(|id| seen.insert(*id)).collect();
        if people.len() > limits::MENTIONS {
            return Err(Error::input("mentionIds", format!("mention at most {} people", limits::MENTIONS)));
        }
        Ok(Self(people))
    }

    /// The people.
    pub fn people(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().copied()
    }

    /// The list as its column has it.
    pub(super) fn to_column(&self) -> Option<message::UserList> {
        (!self.0.is_empty()).then(|| message::UserList::new(self.people()))
    }

    /// The error for somebody who is not in the conversation.
    pub(super) fn stranger() -> Error {
        Error::input("mentionIds", "mention people who are in the conversation")
    }
}

/// The rows by which messages call people. A block keeps somebody from being called, by name or with everybody, and says so
/// to nobody: the name stands in the message. What counts are the blocks of the moment in which it is written.
pub(super) async fn rows(tx: &Tx, messages: &[message::Model]) -> Result<Vec<mention::Model>, DbErr> {
    let rows = messages.iter().flat_map(rows_of);
    let (to_all, mut named): (Vec<_>, Vec<_>) = rows.partition(|row| row.user_id == mention::everybody());
    let pair = |row: &mention::Model| DirectPair::of(row.sender_id, row.user_id);
    let blocked = db::blocked_pairs(tx, named.iter().map(pair)).await?;
    named.retain(|row| !blocked.contains(&pair(row)));
    let senders = to_all.iter().map(|row| (row.conversation_id, row.sender_id)).collect();
    let in_blocks = db::members_in_blocks_with(tx, senders).await?;
    for row in to_all {
        let people = in_blocks.get(&(row.conversation_id, row.sender_id));
        let not_called =
            |user_id: &UserId| mention::Model { user_id: *user_id, seq: mention::NOT_CALLED, ..row.clone() };
        named.extend(people.into_iter().flatten().map(not_called));
        named.push(row);
    }
    Ok(named)
}

/// Those who are named, or one for everybody. The sender needs no call.
fn rows_of(message: &message::Model) -> Vec<mention::Model> {
    let row = |user_id| mention::Model {
        position: message.position,
        user_id,
        conversation_id: message.conversation_id,
        seq: message.seq,
        sender_id: message.sender_id,
    };
    if message.mentions_everyone {
        return vec![row(mention::everybody())];
    }
    let named = message.mentions.iter().flat_map(message::UserList::people);
    named.filter(|user| *user != message.sender_id).map(row).collect()
}

/// Writes the mentions of messages that were edited: only those who were not mentioned before are notified, as whoever has read
/// the message has no unread call.
pub(super) async fn rewrite(tx: &Tx, messages: &[message::Model]) -> Result<(), DbErr> {
    if messages.is_empty() {
        return Ok(());
    }
    let positions = messages.iter().map(|row| row.position);
    mention::Entity::delete_many().filter(mention::Column::Position.is_in(positions)).exec(tx).await?;
    db::insert(tx, rows(tx, messages).await?).await
}

/// The messages that call the viewer, the newest first: in the conversations that they are in, and those to everybody only
/// since they joined, if they were in no block with the sender. `after` is the position of the last one on the previous page.
pub async fn mentions(app: &App, viewer: &Viewer, first: u32, after: Option<Position>) -> Result<Page<message::Model>> {
    #[derive(FromQueryResult)]
    struct Called {
        position: Position,
    }
    // Two lists by their own indexes, each as long as is asked for at most.
    let sql = "SELECT position FROM (
        SELECT * FROM (
            SELECT n.position FROM mention n JOIN membership m
                ON m.conversation_id = n.conversation_id AND m.user_id = $1 AND m.to_position IS NULL
             WHERE n.user_id = $1 AND n.position < $3 AND n.seq > 0
               AND NOT EXISTS (SELECT 1 FROM erasure g WHERE g.user_id = n.sender_id)
             ORDER BY n.position DESC LIMIT $4) AS named
        UNION ALL
        SELECT * FROM (
            SELECT n.position FROM membership m JOIN mention n
                ON n.conversation_id = m.conversation_id AND n.user_id = $2 AND n.position > m.from_position
             WHERE m.user_id = $1 AND m.to_position IS NULL AND n.position < $3 AND n.sender_id <> $1
               AND NOT EXISTS (SELECT 1 FROM mention b WHERE b.position = n.position AND b.user_id = $1)
               AND NOT EXISTS (SELECT 1 FROM erasure g WHERE g.user_id = n.sender_id)
             ORDER BY n.position DESC LIMIT $4) AS everybody
        ) AS called ORDER BY position DESC LIMIT $4";
    let (viewer, limit) = (viewer.user(), i64::from(first) + 1);
    let before = after.unwrap_or(Position::MAX);
    let values = [viewer.into(), mention::everybody().into(), before.into(), limit.into()];
    let reader = &app.db.reader;
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
    let called: Vec<Position> =
        Called::find_by_statement(statement).all(reader).await?.into_iter().map(|row| row.position).collect();
    if called.is_empty() {
        return Ok(Page { items: Vec::new(), has_next: false, has_previous: after.is_some() });
    }
    let rows = message::Entity::find().filter(message::Column::Position.is_in(called));
    let mut rows = message::read(rows, reader).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.position));
    Ok(Page::cut(rows, first, after.is_some()))
}
