//! The hot way and the ordinary one are the same: equal messages leave an equal index.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::maintain::CatchUp;
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::dice::Dice;
use crate::feed::Quiet;
use crate::id::{ConversationId, MessageId, UserId};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ROUNDS: usize = 40;
const WORDS: [&str; 6] = ["tea", "milk", "userName", "\u{1f600} sugar", "Zoë", "чай"];

/// A connection that changes messages behind the back of the feed, and sees what the index has of each word.
fn connect(file: &Path) -> Connection {
    let connection = Connection::open(file).expect("the file opens");
    let set = "PRAGMA foreign_keys = OFF;
               CREATE VIRTUAL TABLE temp.found USING fts5vocab(main, message_word, instance)";
    connection.execute_batch(set).expect("it is set");
    connection
}

/// Every word with the messages in which it is found, how far the index goes, and what is left to do.
fn dump(connection: &Connection) -> Vec<Vec<Vec<Value>>> {
    let read = |sql: &str| {
        let mut statement = connection.prepare(sql).expect("good SQL");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
        rows.expect("rows").collect::<Result<Vec<Vec<Value>>, _>>().expect("values")
    };
    let found = read("SELECT * FROM temp.found ORDER BY term, doc, col, offset");
    vec![found, read("SELECT * FROM search_progress"), read("SELECT * FROM search_change ORDER BY position")]
}

async fn index(tx: Tx, is_damaged: bool) {
    let answers = CatchUp::write(&tx, vec![CatchUp { is_damaged }]).await.expect("a batch");
    assert!(matches!(answers.as_slice(), [Ok(())]), "{answers:?}");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn both_ways_leave_the_same_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [folder.path().join("hot.db"), folder.path().join("ordinary.db")];
    let ((hot_db, mut hot), (ordinary_db, ordinary)) = (db::fresh(&files[0]).await, db::fresh(&files[1]).await);
    let both = files.each_ref().map(|file| connect(file));
    let (places, sender) = ([ConversationId::new(), ConversationId::new()], UserId::new());
    let (mut dice, mut last, mut was_behind) = (Dice(7), 0_usize, false);

    for round in 0..ROUNDS {
        for _ in 0..dice.below(20) {
            let text = format!("{} {}", dice.one_of(&WORDS), dice.one_of(&WORDS));
            let (message, place, chosen) = (MessageId::new(), dice.one_of(&places), 1 + dice.below(last + 1));
            let action = dice.below(10);
            last += usize::from(action < 6);
            let (last, chosen) = (i64::try_from(last).expect("few"), i64::try_from(chosen).expect("few"));
            for connection in &both {
                let done = match action {
                    0..6 => connection.execute(
                        "INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
                         VALUES (?1, ?2, ?5, ?3, ?4, 1, ?5, 1, 0)",
                        params![message, place, sender, text, last],
                    ),
                    6 | 7 => connection
                        .execute("UPDATE message SET text = ?2 WHERE position = ?1", params![chosen, text]),
                    8 => connection
                        .execute("UPDATE message SET text = NULL, deleted_at = 1 WHERE position = ?1", [chosen]),
                    _ => connection.execute("DELETE FROM message WHERE position = ?1", [chosen]),
                };
                done.expect("it is written");
            }
        }
        let [left, right] = both.each_ref().map(dump);
        assert_eq!(left, right, "before round {round}");
        was_behind |= !left[2].is_empty();

        let is_damaged = round == ROUNDS / 2;
        index(Tx::begin_hot(hot.hot.as_mut().expect("a hot connection"), NOW).expect("a transaction"), is_damaged)
            .await;
        index(ordinary.begin(NOW).await.expect("a transaction"), is_damaged).await;

        let [left, right] = both.each_ref().map(dump);
        assert_eq!(left, right, "after round {round}");
    }

    let indexed = dump(&both[0]);
    assert!(was_behind && indexed[0].len() > 100 && indexed[2].is_empty(), "{indexed:?}");
    drop(both);
    for (db, writer) in [(hot_db, hot), (ordinary_db, ordinary)] {
        writer.close().await.expect("it closes");
        db.close().await.expect("it closes");
    }
}
