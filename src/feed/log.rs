//! Reads the log: its head, the events after a position, and those of them that are delivered to one person.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};

use crate::db::{Db, Tx};
use crate::entity::{feed_event, feed_head, membership, message, user};
use crate::feed::cursor::{Cursor, Position};
use crate::feed::event::{Event, EventKind};
use crate::feed::kinds::KindSet;
use crate::id::{ConversationId, MessageId, UserId};
use crate::limits;

// Kinds as SQL literals. Not bound as values: a partial index is used only if the statement itself contains the kind.
const READ_MARK: i16 = EventKind::ReadMarkMoved as i16;
const ADDED: i16 = EventKind::ConversationAdded as i16;
const REMOVED: i16 = EventKind::ConversationRemoved as i16;
const USER: i16 = EventKind::UserChanged as i16;
const TRIMMED: i16 = EventKind::HistoryTrimmed as i16;

/// Why what was missed can't be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// It is older than the log.
    Expired,
    /// It is more than a replay has.
    TooFar,
    /// The cursor does not belong to the current state of this database.
    Foreign,
}

/// Puts the origin into an empty log: the event at position 0, with a nonce of this database's own.
pub(super) async fn ensure_origin(tx: &Tx, nonce: u32) -> Result<(), DbErr> {
    let head = feed_head::Model { id: 1, position: 0 };
    feed_head::Entity::insert(head.into_active_model().reset_all())
        .on_conflict_do_nothing_on([feed_head::Column::Id])
        .exec_without_returning(tx)
        .await?;
    if has_events(tx).await? {
        return Ok(());
    }
    let origin = feed_event::Model {
        position: 0,
        nonce: nonce.into(),
        kind: EventKind::Origin.into(),
        conversation_id: None,
        recipient_id: None,
        user_id: None,
        message_id: None,
        created_at: tx.now,
        detail: None,
    };
    feed_event::Entity::insert(origin.into_active_model().reset_all())
        .on_conflict_do_nothing_on([feed_event::Column::Position])
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Whether there is any event. By the index, as PostgreSQL would otherwise read past all that was trimmed.
pub(super) async fn has_events(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let oldest = feed_event::Entity::find().order_by_asc(feed_event::Column::Position).limit(1);
    Ok(oldest.one(db).await?.is_some())
}

/// The newest event's cursor. The newest row is never trimmed, so there always is one.
pub(super) async fn head(db: &impl ConnectionTrait) -> Result<Cursor, DbErr> {
    let newest = feed_event::Entity::find().order_by_desc(feed_event::Column::Position).limit(1).one(db).await?;
    newest.map(cursor).ok_or_else(|| DbErr::Custom("the feed's log is empty".into()))
}

/// The oldest event's cursor.
pub(super) async fn oldest(db: &impl ConnectionTrait) -> Result<Cursor, DbErr> {
    let oldest = feed_event::Entity::find().order_by_asc(feed_event::Column::Position).limit(1).one(db).await?;
    oldest.map(cursor).ok_or_else(|| DbErr::Custom("the feed's log is empty".into()))
}

/// The cursor of the event at a position, if the log still has it.
pub(super) async fn find_at(db: &impl ConnectionTrait, position: Position) -> Result<Option<Cursor>, DbErr> {
    Ok(feed_event::Entity::find_by_id(position).one(db).await?.map(cursor))
}

/// A page of everything after a cursor, with the contacts of people who changed: for a hub that missed it. `None` if the
/// log has another event at the cursor, or none.
pub(super) async fn after(db: &impl ConnectionTrait, after: Cursor) -> Result<Option<Vec<Event>>, DbErr> {
    let mut rows = feed_event::Entity::find()
        .filter(feed_event::Column::Position.gte(after.position))
        .order_by_asc(feed_event::Column::Position)
        .limit(limits::REPLAY_PAGE + 1)
        .all(db)
        .await?;
    if rows.first().map(|row| Cursor::of_row(row.position, row.nonce)) != Some(after) {
        return Ok(None);
    }
    rows.remove(0);
    let changed = rows.iter().filter(|row| row.kind == EventKind::UserChanged).filter_map(|row| row.user_id);
    let changed: HashSet<UserId> = changed.collect();
    let (erased, known) = match changed.is_empty() {
        // Nearly always, and this runs every second.
        true => Default::default(),
        false => (erased(db, &changed).await?, known_in(db, changed).await?),
    };
    let mut contacts: HashMap<UserId, Vec<ConversationId>> = HashMap::new();
    for (person, conversation) in known {
        contacts.entry(person).or_default().push(conversation);
    }
    let contacts: HashMap<UserId, Arc<[ConversationId]>> =
        contacts.into_iter().map(|(person, conversations)| (person, conversations.into())).collect();
    let event = |row: feed_event::Model| {
        let contacts = row.user_id.and_then(|id| contacts.get(&id)).cloned().unwrap_or_default();
        let mut event = Event::from_log(row, contacts);
        // The log does not distinguish an erasure from a new name, and for an erased person only the erasure matters.
        event.fact.erases =
            event.fact.kind == EventKind::UserChanged && event.fact.user.is_some_and(|id| erased.contains(&id));
        event
    };
    let mut events: Vec<Event> = rows.into_iter().map(event).collect();
    // So that one execution for all subscribers needs no further read.
    bring_messages(db, &mut events).await?;
    Ok(Some(events))
}

/// Those of these people whose accounts are erased.
async fn erased(db: &impl ConnectionTrait, people: &HashSet<UserId>) -> Result<HashSet<UserId>, DbErr> {
    let erased = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Id.is_in(people.iter().copied()))
        .filter(user::Column::DeletedAt.is_not_null())
        .into_tuple::<UserId>();
    Ok(erased.all(db).await?.into_iter().collect())
}

/// A person's conversations and the positions at which they joined, as they were at the position `at`.
pub(super) struct MembershipSnapshot {
    pub(super) at: Position,
    pub(super) conversations: Vec<(ConversationId, Position)>,
}

/// Reads a person's conversations and the head of the log, in one snapshot.
pub(super) async fn membership(db: &Db, user: UserId) -> Result<MembershipSnapshot, DbErr> {
    let snapshot = db.snapshot().await?;
    let at = head(&snapshot).await?.position;
    let current = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::ToPosition.is_null());
    let stays = current.all(&snapshot).await?;
    snapshot.end().await?;
    Ok(MembershipSnapshot {
        at,
        conversations: stays.iter().map(|stay| (stay.conversation_id, stay.from_position)).collect(),
    })
}

/// The conversations in which people are known: those that they are in and those that they have left, where their
/// messages still bear their name.
pub async fn known_in(
    db: &impl ConnectionTrait,
    people: impl IntoIterator<Item = UserId>,
) -> Result<Vec<(UserId, ConversationId)>, DbErr> {
    membership::Entity::find()
        .select_only()
        .columns([membership::Column::UserId, membership::Column::ConversationId])
        .distinct()
        .filter(membership::Column::UserId.is_in(people))
        .into_tuple()
        .all(db)
        .await
}

/// Why what came after a cursor can't be replayed, if it can't.
pub(super) async fn refusal(
    db: &impl ConnectionTrait,
    user: UserId,
    after: Cursor,
    head: Cursor,
) -> Result<Option<Reset>, DbErr> {
    match find_at(db, after.position).await? {
        Some(at) if at == after => {}
        Some(_) => return Ok(Some(Reset::Foreign)),
        None if after.position > head.position => return Ok(Some(Reset::Foreign)),
        // Trimmed. A person who missed nothing can resume all the same.
        None => return Ok(anything_after(db, user, after.position).await?.then_some(Reset::Expired)),
    }
    let too_many = limits::REPLAY_EVENTS + 1;
    let missed = count_missed(db, user, after.position, head.position, too_many).await?;
    Ok((missed >= too_many).then_some(Reset::TooFar))
}

/// Whether a person missed anything after a position that the log no longer has.
pub(super) async fn anything_after(db: &impl ConnectionTrait, user: UserId, after: Position) -> Result<bool, DbErr> {
    let sql = r#"
        SELECT 1 WHERE EXISTS (
          SELECT 1 FROM membership m JOIN conversation c ON c.id = m.conversation_id
           WHERE m.user_id = $1 AND m.to_position IS NULL AND c.last_position > $2
        ) OR EXISTS (
          SELECT 1 FROM membership m WHERE m.user_id = $1 AND m.to_position > $2
        ) OR EXISTS (
          SELECT 1 FROM "user" u WHERE u.id = $1 AND u.changed_position > $2
        ) OR EXISTS (
          SELECT 1 FROM membership m
            JOIN membership other ON other.conversation_id = m.conversation_id
            JOIN "user" u ON u.id = other.user_id
           WHERE m.user_id = $1 AND m.to_position IS NULL AND u.changed_position > $2
        )"#;
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [user.into(), after.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}

/// Counts what a person missed between two positions, up to `limit`: without read marks and trims of histories, of which a
/// replay has only the newest.
pub(super) async fn count_missed(
    db: &impl ConnectionTrait,
    user: UserId,
    after: Position,
    upto: Position,
    limit: u64,
) -> Result<u64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        count: i64,
    }
    let sql = format!(
        "SELECT COUNT(*) AS count FROM ({} AND e.kind NOT IN ({READ_MARK}, {TRIMMED}) LIMIT $4) AS missed",
        missed()
    );
    let values = [user.into(), after.into(), upto.into(), to_signed(limit).into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let count = Count::find_by_statement(statement).one(db).await?;
    Ok(count.and_then(|count| u64::try_from(count.count).ok()).unwrap_or(0))
}

/// Which moves of a read mark, and which trims of a history, are among what somebody missed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Superseded {
    /// The newest of the range: nobody needs those before.
    LeftOut,
    /// All: a page that ends at its last event is the same page when it is read again.
    Kept,
}

/// A page of what a person missed between two positions, of these kinds and oldest first: events of conversations that they
/// are still in, and those for them alone.
pub(super) async fn missed_page(
    db: &impl ConnectionTrait,
    user: UserId,
    (after, upto): (Position, Position),
    (limit, kinds): (u64, KindSet),
    superseded: Superseded,
) -> Result<Vec<Event>, DbErr> {
    let mut sql = format!("{} AND {}", missed(), kinds.condition());
    if superseded == Superseded::LeftOut {
        sql += &format!(
            " AND (e.kind <> {READ_MARK} OR NOT EXISTS (
           SELECT 1 FROM feed_event later WHERE later.kind = {READ_MARK} AND later.conversation_id = e.conversation_id
             AND later.user_id = e.user_id AND later.position > e.position AND later.position <= $3))
           AND (e.kind <> {TRIMMED} OR NOT EXISTS (
           SELECT 1 FROM feed_event later WHERE later.kind = {TRIMMED} AND later.conversation_id = e.conversation_id
             AND later.position > e.position AND later.position <= $3))"
        );
    }
    sql += " ORDER BY e.position LIMIT $4";
    let values = [user.into(), after.into(), upto.into(), to_signed(limit).into()];
    read_page(db, sql, values).await
}

/// A page of what happened on the whole server between two positions, of these kinds and oldest first. What is for one
/// person alone is left out, but for who came and who left.
pub(super) async fn page_of_all(
    db: &impl ConnectionTrait,
    (after, upto): (Position, Position),
    limit: u64,
    kinds: KindSet,
) -> Result<Vec<Event>, DbErr> {
    let sql = format!(
        "SELECT e.* FROM feed_event e WHERE e.position > $1 AND e.position <= $2 AND {}
            AND (e.recipient_id IS NULL OR e.kind IN ({ADDED}, {REMOVED})) ORDER BY e.position LIMIT $3",
        kinds.condition()
    );
    let values = [after.into(), upto.into(), to_signed(limit).into()];
    read_page(db, sql, values).await
}

/// The events that a statement finds, with their messages.
async fn read_page<const N: usize>(
    db: &impl ConnectionTrait,
    sql: String,
    values: [Value; N],
) -> Result<Vec<Event>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = feed_event::Model::find_by_statement(statement).all(db).await?;
    let mut events: Vec<Event> = rows.into_iter().map(|row| Event::from_log(row, Arc::new([]))).collect();
    bring_messages(db, &mut events).await?;
    Ok(events)
}

/// Reads the messages of a page in one statement, as they are now.
async fn bring_messages(db: &impl ConnectionTrait, events: &mut [Event]) -> Result<(), DbErr> {
    let ids: HashSet<MessageId> = events.iter().filter_map(|event| event.fact.message).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = message::read(message::Entity::find().filter(message::Column::Id.is_in(ids)), db).await?;
    let rows: HashMap<MessageId, Arc<message::Model>> = rows.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    for event in events {
        event.fact.row = event.fact.message.and_then(|id| rows.get(&id)).cloned();
    }
    Ok(())
}

/// The events after $2 up to $3 that are delivered to $1 now. It reads only conversations whose newest event is past
/// $2: the cost follows what was missed, not what the server wrote.
fn missed() -> String {
    format!(
        "WITH mine AS (
       SELECT m.conversation_id, m.from_position, c.last_position FROM membership m
         JOIN conversation c ON c.id = m.conversation_id
        WHERE m.user_id = $1 AND m.to_position IS NULL
     ), missed AS (
       SELECT e.* FROM mine JOIN feed_event e ON e.conversation_id = mine.conversation_id
        WHERE mine.last_position > $2 AND e.recipient_id IS NULL
          AND e.position > $2 AND e.position > mine.from_position AND e.position <= $3
       UNION ALL
       SELECT e.* FROM feed_event e
        WHERE e.recipient_id = $1 AND e.position > $2 AND e.position <= $3
          AND (e.kind = {REMOVED} OR e.conversation_id IS NULL
            OR e.conversation_id IN (SELECT conversation_id FROM mine))
       UNION ALL
       SELECT e.* FROM feed_event e
        WHERE e.conversation_id IS NULL AND e.kind = {USER} AND e.position > $2 AND e.position <= $3
          AND (e.user_id = $1 OR EXISTS (
            SELECT 1 FROM mine JOIN membership other ON other.conversation_id = mine.conversation_id
             WHERE other.user_id = e.user_id))
     )
     SELECT e.* FROM missed e WHERE TRUE"
    )
}

fn cursor(row: feed_event::Model) -> Cursor {
    Cursor::of_row(row.position, row.nonce)
}

fn to_signed(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
