//! The log, read directly from the database: what clients' records are compared with.

use std::collections::{BTreeMap, HashMap};

use parlour::entity::{conversation, feed_event, membership, message};
use parlour::feed::{EventKind, Position};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryOrder, Statement};

use super::Server;

/// An event of the feed.
pub struct Logged {
    pub position: Position,
    pub message: Option<String>,
    kind: EventKind,
    conversation: Option<String>,
    recipient: Option<String>,
}

impl Logged {
    pub fn is_message(&self) -> bool {
        self.kind == EventKind::MessageAdded
    }
}

/// The whole feed and all messages.
pub struct Log {
    events: BTreeMap<Position, Logged>,
    /// The position at which each person joined each conversation.
    stays: HashMap<(String, String), Position>,
    /// The seqs of each conversation, in order.
    seqs: BTreeMap<String, Vec<i32>>,
    last_seqs: BTreeMap<String, i32>,
    /// Every message's id, seq and conversation.
    pub messages: HashMap<String, (i32, String)>,
}

impl Log {
    pub async fn read(server: &Server) -> Self {
        let db = server.database().await;
        let events = feed_event::Entity::find().all(&db).await.expect("the feed");
        let events = events.into_iter().map(|row| Logged {
            position: row.position,
            message: row.message_id.map(|id| id.to_string()),
            kind: row.kind.known().expect("a kind of this version"),
            conversation: row.conversation_id.map(|id| id.to_string()),
            recipient: row.recipient_id.map(|id| id.to_string()),
        });
        let events = events.map(|event| (event.position, event)).collect();
        let stays = membership::Entity::find().all(&db).await.expect("the memberships");
        let stays = stays
            .into_iter()
            .map(|row| ((row.conversation_id.to_string(), row.user_id.to_string()), row.from_position));
        let (stays, mut seqs, mut messages) = (stays.collect(), BTreeMap::<_, Vec<i32>>::new(), HashMap::new());
        let rows = message::Entity::find().order_by_asc(message::Column::Seq).all(&db).await.expect("the messages");
        for row in rows {
            seqs.entry(row.conversation_id.to_string()).or_default().push(row.seq);
            // A line of what happened is nobody's message.
            if row.system_line.is_none() {
                messages.insert(row.id.to_string(), (row.seq, row.conversation_id.to_string()));
            }
        }
        let conversations = conversation::Entity::find().all(&db).await.expect("the conversations");
        let last_seqs = conversations.into_iter().map(|row| (row.id.to_string(), row.last_seq)).collect();
        db.close().await.expect("the database closes");
        Self { events, stays, seqs, last_seqs, messages }
    }

    /// The events after a position that a person may receive, in order.
    pub fn receivable_by<'a>(&'a self, user: &'a str, after: Position) -> impl Iterator<Item = &'a Logged> {
        self.events.range(after + 1..).map(|(_, event)| event).filter(move |event| match &event.recipient {
            Some(recipient) => recipient == user,
            None => event.conversation.as_ref().is_some_and(|conversation| {
                let stay = self.stays.get(&(conversation.clone(), user.to_owned()));
                stay.is_some_and(|since| *since < event.position)
            }),
        })
    }

    /// All rows of messages, with the lines of what happened.
    pub fn rows_of_messages(&self) -> usize {
        self.seqs.values().map(Vec::len).sum()
    }

    /// The position of the last event that a person may receive.
    pub fn last_of(&self, user: &str) -> Position {
        self.receivable_by(user, 0).last().map_or(0, |event| event.position)
    }

    /// The event at a position.
    pub fn at(&self, position: Position) -> &Logged {
        &self.events[&position]
    }

    /// Positions are 0, 1, 2 … and seqs are 1, 2, 3 …, without gaps or duplicates.
    pub fn has_no_gap(&self) {
        let hole = self.events.keys().zip(0..).find(|(position, due)| **position != *due);
        assert_eq!(hole, None, "a position of the feed, and the one that is due there");
        for (conversation, last) in &self.last_seqs {
            let seqs = self.seqs.get(conversation).cloned().unwrap_or_default();
            assert!(seqs.iter().copied().eq(1..=*last), "{conversation} up to {last}: {seqs:?}");
        }
    }
}

/// SQLite finds nothing wrong with the file. PostgreSQL has no such question.
pub async fn is_sound(server: &Server) {
    let db = server.database().await;
    if db.get_database_backend() == DbBackend::Sqlite {
        assert_eq!(rows(&db, "PRAGMA integrity_check").await, ["ok"]);
    }
}

/// Every row of every table, as text.
pub async fn dump(server: &Server) -> Vec<String> {
    let db = server.database().await;
    let mut dump = Vec::new();
    // The rows of a virtual table are in other tables.
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY name";
    for table in rows(&db, tables).await {
        let columns = rows(&db, &format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')")).await;
        let lines = rows(&db, &format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join(" || ' ' || "))).await;
        dump.extend(lines.into_iter().map(|line| format!("{table}: {line}")));
    }
    dump
}

/// The first column of the rows that a statement returns.
async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("rows");
    rows.into_iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}
