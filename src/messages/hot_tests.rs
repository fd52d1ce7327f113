//! The hot way and the ordinary one are the same: the same batches leave equal tables.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::types::Value;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::read_marks::MarkRead;
use super::send::{Extras, Send};
use super::{Mentions, MessageText, MessageType};
use crate::clock::Timestamp;
use crate::conversations::Reference;
use crate::db::{self, HotSource, Tx, Writer};
use crate::dice::Dice;
use crate::entity::conversation::{self, Kind, Posting};
use crate::entity::membership::{self, Notifications, Role};
use crate::entity::{feed_event, feed_head, mention, message, user, user_block};
use crate::error::Error;
use crate::feed::{Change, EventKind, write_all};
use crate::id::{ConversationId, MessageId, UserId};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ROUNDS: usize = 60;

/// Everything that changes may name; some of it does not exist.
struct Names {
    people: Vec<UserId>,
    groups: Vec<ConversationId>,
    messages: Vec<MessageId>,
}

/// The changes of one batch.
struct Changes {
    sends: Vec<Send>,
    marks: Vec<MarkRead>,
}

impl Names {
    fn new() -> Self {
        let messages = (0..400).map(|_| MessageId::new()).collect();
        Self {
            people: (0..8).map(|_| UserId::new()).collect(),
            groups: (0..4).map(|_| ConversationId::new()).collect(),
            messages,
        }
    }

    /// A group's id, or a person's; a direct conversation has another id in each database.
    fn target(&self, dice: &mut Dice) -> Reference {
        match dice.below(2) {
            0 => Reference::Id(dice.one_of(&self.groups)),
            _ => Reference::Direct(dice.one_of(&self.people)),
        }
    }

    /// Sometimes what an app adds, and people who are called, of whom some are strangers.
    fn extras(&self, dice: &mut Dice) -> Extras {
        if dice.below(2) == 0 {
            return Extras::default();
        }
        let people = (0..dice.below(3)).map(|_| dice.one_of(&self.people)).collect::<Vec<_>>();
        Extras {
            message_type: MessageType::parse("card").ok().filter(|_| dice.below(2) == 0),
            metadata: (dice.below(2) == 0).then(|| "{}".to_owned()),
            mentions: Mentions::new(people).expect("a few"),
            mentions_everyone: dice.below(4) == 0,
        }
    }

    fn changes(&self, dice: &mut Dice) -> Changes {
        let send = |dice: &mut Dice| {
            let sender = dice.one_of(&self.people);
            Send {
                // Often one that was sent before, or in this batch.
                id: dice.one_of(&self.messages),
                sender,
                to: match self.target(dice) {
                    // The service refuses these before the writer.
                    Reference::Direct(other) if other == sender => Reference::Id(self.groups[0]),
                    to => to,
                },
                text: MessageText::parse(&format!("tea {}?", dice.below(100))).ok(),
                image: None,
                is_named: dice.below(2) == 0,
                extras: self.extras(dice),
                reply_to: (dice.below(4) == 0).then(|| dice.one_of(&self.messages)),
            }
        };
        let mark = |dice: &mut Dice| MarkRead {
            user: dice.one_of(&self.people),
            conversation: dice.one_of(&self.groups),
            up_to: i32::try_from(dice.below(40)).expect("a small number"),
        };
        let (sends, marks) = (1 + dice.below(30), dice.below(12));
        Changes { sends: (0..sends).map(|_| send(dice)).collect(), marks: (0..marks).map(|_| mark(dice)).collect() }
    }

    /// Six people exist, and one of them is erased. All are in all groups but the last, which does not exist.
    async fn write(&self, writer: &Writer) {
        let tx = writer.begin(NOW).await.expect("a transaction");
        db::insert(&tx, vec![feed_head::Model { id: 1, position: 0 }]).await.expect("a head");
        let origin = feed_event::Model {
            position: 0,
            nonce: 1,
            kind: EventKind::Origin.into(),
            conversation_id: None,
            recipient_id: None,
            user_id: None,
            message_id: None,
            created_at: NOW,
            detail: None,
        };
        origin.into_active_model().reset_all().insert(&tx).await.expect("an origin");
        let people = &self.people[..6];
        let person = |(number, id): (usize, &UserId)| user::Model {
            deleted_at: (number == 5).then_some(NOW),
            ..user::Model::new(*id, format!("Person {number}"), format!("person {number}"), NOW)
        };
        db::insert(&tx, people.iter().enumerate().map(person).collect()).await.expect("people");
        let groups = &self.groups[..3];
        // In the second one only admins write, and of the third the oldest messages were deleted by their age.
        let group = |(number, id): (usize, &ConversationId)| conversation::Model {
            title: Some("Tea".to_owned()),
            posting: if number == 1 { Posting::Admins } else { Posting::Everyone },
            first_seq: if number == 2 { 6 } else { 1 },
            last_seq: if number == 2 { 5 } else { 0 },
            retention_days: (number == 2).then_some(30),
            external_id: Some(format!("tea-{number}")),
            metadata: Some("{}".to_owned()),
            ..conversation::Model::new(*id, Kind::Group, NOW)
        };
        db::insert(&tx, groups.iter().enumerate().map(group).collect()).await.expect("groups");
        let stay = |conversation_id: &ConversationId, (number, user_id): (usize, &UserId)| membership::Model {
            // One has left.
            to_position: (number == 4).then_some(0),
            is_marked_unread: number % 2 == 0,
            role: if number < 2 { Role::Admin } else { Role::Member },
            notifications: if number == 3 { Notifications::Mentions } else { Notifications::All },
            muted_until: (number == 1).then_some(NOW),
            archived_seq: (number == 2).then_some(3),
            is_favorite: number % 3 == 0,
            ..membership::Model::new((*conversation_id, *user_id), 0, 0, NOW)
        };
        let stays = groups.iter().flat_map(|group| people.iter().enumerate().map(|person| stay(group, person)));
        db::insert(&tx, stays.collect()).await.expect("memberships");
        let block = |blocker: usize, blocked: usize| user_block::Model {
            blocker_id: people[blocker],
            blocked_id: people[blocked],
            created_at: NOW,
        };
        db::insert(&tx, vec![block(0, 3), block(2, 1)]).await.expect("blocks");
        tx.commit().await.expect("a commit");
    }
}

/// Writes a batch; returns what its callers get.
async fn write(tx: Tx, changes: Changes) -> Vec<String> {
    let sent = write_all(&tx, changes.sends).await.expect("sends");
    let marked = write_all(&tx, changes.marks).await.expect("marks");
    tx.commit().await.expect("a commit");
    let sent = sent.into_iter().map(|sent| answer(sent.map(|row: message::Model| (row.id, row.seq, row.position))));
    let marked = marked.into_iter().map(|row| answer(row.map(|row: conversation::Model| (row.id, row.last_seq))));
    sent.chain(marked).collect()
}

fn answer<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    format!("{answer:?}")
}

/// The tables that these changes write, with what their triggers write.
const TABLES: [&str; 8] =
    ["message", "conversation", "membership", "feed_event", "mention", "feed_head", "uncounted_block", "search_change"];

/// A row: its values by their columns.
type Columns = BTreeMap<String, Value>;

/// All rows of the tables, with all columns. In place of what is random stands something else: of the nonces of batches,
/// nothing, and of the ids of direct conversations, their pairs.
fn dump(file: &Path) -> HashMap<&'static str, Vec<Columns>> {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let columns = |table: &str| {
        let mut names = connection.prepare("SELECT name FROM pragma_table_info(?1)").expect("good SQL");
        let names = names.query_map([table], |row| row.get(0)).expect("names");
        names.collect::<Result<Vec<String>, _>>().expect("names")
    };
    let shown = |table: &str, column: &str| match (table, column) {
        (_, "nonce") => "NULL".to_owned(),
        ("conversation", "id") => "coalesce(t.direct_pair, t.id)".to_owned(),
        (_, "conversation_id") => {
            "coalesce((SELECT direct_pair FROM conversation WHERE id = t.conversation_id), t.conversation_id)"
                .to_owned()
        }
        (_, column) => format!("t.{column}"),
    };
    let read = |table: &'static str| {
        let names = columns(table);
        let shown: Vec<String> = names.iter().map(|name| shown(table, name)).collect();
        let sql = format!("SELECT {} FROM {table} t ORDER BY {}", shown.join(", "), numbers(names.len()));
        let mut statement = connection.prepare(&sql).expect("good SQL");
        let rows = statement.query_map([], |row| {
            names.iter().enumerate().map(|(place, name)| Ok((name.clone(), row.get(place)?))).collect()
        });
        (table, rows.expect("rows").collect::<Result<Vec<Columns>, _>>().expect("values"))
    };
    TABLES.into_iter().map(read).collect()
}

/// `1, 2, 3`, up to a number.
fn numbers(upto: usize) -> String {
    (1..=upto).map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn both_ways_leave_equal_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [folder.path().join("hot.db"), folder.path().join("ordinary.db")];
    let ((hot_db, mut hot), (ordinary_db, ordinary)) = (db::fresh(&files[0]).await, db::fresh(&files[1]).await);
    let names = Names::new();
    names.write(&hot).await;
    names.write(&ordinary).await;
    // Both ways get the same.
    let mut dice = [Dice(7), Dice(7)];

    for round in 0..ROUNDS {
        let changes = dice.each_mut().map(|dice| names.changes(dice));
        let [first, second] = changes;
        assert!(first.sends.iter().all(Change::is_hot) && first.marks.iter().all(Change::is_hot));
        let tx = Tx::begin_hot(hot.hot.as_mut().expect("a hot connection"), NOW).expect("a transaction");
        assert!(tx.hot().is_some());
        let by_the_hot_way = write(tx, first).await;
        let by_the_ordinary_way = write(ordinary.begin(NOW).await.expect("a transaction"), second).await;
        if round == 0 {
            assert!(by_the_hot_way.iter().any(|answer| answer.starts_with("Ok")), "{by_the_hot_way:?}");
        }
        assert_eq!(by_the_hot_way, by_the_ordinary_way);
    }

    let [left, right] = files.each_ref().map(|file| dump(file));
    assert!(left["message"].len() > 100 && left["mention"].len() > 20 && left["conversation"].len() > 10, "{left:?}");
    let not_called = left["mention"].iter().filter(|row| row["seq"] == Value::Integer(mention::NOT_CALLED.into()));
    assert!(not_called.count() > 5, "{:?}", left["mention"]);
    assert_eq!(left, right);
    for (db, writer) in [(hot_db, hot), (ordinary_db, ordinary)] {
        writer.close().await.expect("it closes");
        db.close().await.expect("it closes");
    }
}

#[tokio::test]
async fn a_hot_transaction_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("parlour.db");
    let (db, mut writer) = db::fresh(&file).await;
    let names = Names::new();
    names.write(&writer).await;
    let before = dump(&file);
    let hot = writer.hot.as_mut().expect("a hot connection");

    let tx = Tx::begin_hot(hot, NOW).expect("a transaction");
    write_all(&tx, names.changes(&mut Dice(7)).sends).await.expect("sends");
    let step = tx.savepoint().await.expect("a savepoint");
    tx.take_positions(1).await.expect("positions");
    drop(step);
    drop(tx);

    assert_eq!(dump(&file), before);
    let tx = Tx::begin_hot(hot, NOW).expect("the next transaction");
    let other = feed_head::Entity::find().one(&tx).await;
    assert!(other.is_err(), "it takes no other statements: {other:?}");
    assert_eq!(tx.take_positions(3).await.expect("positions").0, 0);
    tx.commit().await.expect("a commit");
    assert_ne!(dump(&file), before);
    writer.close().await.expect("it closes");
    db.close().await.expect("it closes");
}
