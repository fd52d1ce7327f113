//! Maintains the index: it follows the messages by a position of its own, in the order of the feed, and updates what
//! has changed since. Rebuilding it is following from the start.

use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::db::{Fault, Tx};
use crate::error::Result;
use crate::feed::{Answers, Quiet, Rank};
use crate::limits;
use crate::search::Search;
use crate::search::index::Index;

impl Search {
    /// Maintains the index until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let keeping = async {
            let mut is_damaged = false;
            loop {
                if let Err(error) = self.catch_up(&mut is_damaged).await {
                    tracing::warn!(error = ?error, "the search index is behind, it is tried again later: {error:?}");
                    let clock = &self.app.clock;
                    clock.sleep(limits::INDEX_RETRY).await;
                    continue;
                }
                // At intervals on one node, or at once on any if a search waits there.
                tokio::select! {
                    () = self.wanted.notified() => {}
                    () = async {
                        sleep(limits::INDEX_EVERY).await;
                        self.app.leader.comes_here().await;
                    } => {}
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = keeping => {}
        }
    }

    /// Whether the index has removed all texts that no longer exist. If not, it is about to.
    pub async fn has_purged_deleted_texts(&self) -> Result<bool> {
        let has_former_texts = self.index().has_former_texts(&self.app.db.reader).await?;
        if has_former_texts {
            self.wanted.notify_one();
        }
        Ok(!has_former_texts)
    }

    /// Indexes everything up to the head, a batch at a time. What is sent meanwhile waits for the next time: while much is
    /// sent, a few large batches cost less than one for each batch of messages. An index that fails for a reason that does
    /// not pass is rebuilt.
    async fn catch_up(&self, is_damaged: &mut bool) -> Result<()> {
        let head = self.app.feed.head().position;
        loop {
            if !*is_damaged && !self.index().is_behind(&self.app.db.reader, head).await? {
                self.indexed.send_replace(head);
                return Ok(());
            }
            let indexed = self.app.feed.append(CatchUp { is_damaged: *is_damaged }).await?;
            *is_damaged = indexed.is_err();
            indexed?;
        }
    }
}

/// Indexes the next messages, and updates those that are indexed.
#[derive(Clone)]
pub(super) struct CatchUp {
    /// Whether to rebuild it.
    pub(super) is_damaged: bool,
}

impl Quiet for CatchUp {
    /// A damaged index does not fail the rest of the batch.
    type Answer = Result<(), DbErr>;
    const RANK: Rank = Rank::Housekeeping;

    fn is_hot(&self) -> bool {
        true
    }

    /// Reads everything here and not before: the batch may have changed a message by now.
    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let index = Index::of(tx.dialect());
        let mut answers = Vec::with_capacity(changes.len());
        for Self { is_damaged } in changes {
            let savepoint = tx.savepoint().await?;
            let answer = index.go_on(&savepoint, is_damaged).await;
            match &answer {
                Ok(()) => savepoint.commit().await?,
                // If SQLite has ended the whole transaction by itself, this fails, and the batch with it.
                Err(error) if is_damage(error) => savepoint.rollback().await?,
                Err(error) => return Err(error.clone()),
            }
            answers.push(answer);
        }
        Ok(answers)
    }
}

/// Whether the index itself fails, and not the disk or another process that holds the lock.
fn is_damage(error: &DbErr) -> bool {
    Fault::of(error) == Fault::Broken
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::types::Value;
    use rusqlite::{Connection, params};

    use super::*;
    use crate::clock::Timestamp;
    use crate::db;
    use crate::dice::Dice;
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
}
