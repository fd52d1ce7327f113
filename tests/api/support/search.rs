//! Changes to the search index behind the server's back.

use sea_orm::{ConnectionTrait, Statement, TransactionTrait};

use super::*;

impl TestApp {
    /// Executes statements on the server's own database.
    pub async fn run_sql(&self, sql: &str) {
        self.database().await.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Whether the pages of the search index contain these letters.
    pub async fn index_holds(&self, letters: &str) -> bool {
        let sql = "SELECT 1 FROM message_word_data WHERE instr(block, CAST($1 AS blob)) > 0";
        let database = self.database().await;
        let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, [letters.into()]);
        database.query_one_raw(statement).await.expect("an answer").is_some()
    }

    /// Removes a person from all conversations.
    pub async fn remove_from_all(&self, person: &Person) {
        let id = person.id.replace('-', "");
        self.run_sql(&format!("UPDATE membership SET to_position = 1000000 WHERE user_id = x'{id}'")).await;
    }

    /// Adds a person to a conversation.
    pub async fn add_to(&self, conversation: &str, person: &Person) {
        let (conversation, person) = (conversation.replace('-', ""), person.id.replace('-', ""));
        self.run_sql(&format!(
            "INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
             VALUES (x'{conversation}', x'{person}', 1000001, 2, 0, 0)"
        ))
        .await;
    }

    /// Adds a person to this many more conversations without messages.
    pub async fn fill_sidebar(&self, person: &Person, count: u64) {
        let person = person.id.replace('-', "");
        self.run_sql(&format!(
            "BEGIN;
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             INSERT INTO conversation (id, kind, title, last_seq, last_position, active_position, created_at, updated_at)
             SELECT unhex(printf('019bfc3e0000700080000000%08x', n)), 2, 'Quiet', 0, 0, 0, 0, 0 FROM n;
             INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
             SELECT id, x'{person}', 0, 2, 0, 0 FROM conversation WHERE title = 'Quiet';
             COMMIT;"
        ))
        .await;
    }

    /// Writes two messages into each of the conversations that [`fill_sidebar`](Self::fill_sidebar) made: a word and a
    /// number, first in all of them and then in all of them again.
    pub async fn fill_conversations(&self, sender: &Person, word: &str) {
        let sender = sender.id.replace('-', "");
        self.run_sql(&format!(
            "BEGIN IMMEDIATE;
             CREATE TEMP TABLE quiet AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM conversation
              WHERE title = 'Quiet';
             CREATE TEMP TABLE at AS SELECT position AS head, (SELECT count(*) FROM quiet) AS count FROM feed_head;
             INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
             SELECT unhex(printf('019bfc3e0000700080010000%08x', n + count * (seq - 1))), id, seq, x'{sender}',
                '{word} ' || (n + count * (seq - 1)), 1, head + n + count * (seq - 1), 1, 0
               FROM quiet, at, (SELECT 1 AS seq UNION ALL SELECT 2);
             INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
             SELECT position, nonce, 1, conversation_id, id, created_at FROM message WHERE position > (SELECT head FROM at)
              ORDER BY position;
             UPDATE conversation SET last_seq = 2, last_position = (SELECT head + count + n FROM quiet, at
                WHERE quiet.id = conversation.id) WHERE title = 'Quiet';
             UPDATE conversation SET active_position = last_position WHERE title = 'Quiet';
             UPDATE feed_head SET position = (SELECT head + 2 * count FROM at);
             COMMIT;"
        ))
        .await;
    }

    /// All words of the search index.
    pub async fn indexed_words(&self) -> Vec<String> {
        let database = self.database().await;
        let sql = "CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, message_word, row)";
        let mut words = Vec::new();
        let connection = database.begin().await.expect("a transaction");
        connection.execute_unprepared(sql).await.expect("a table");
        let statement = Statement::from_string(database.get_database_backend(), "SELECT term FROM temp.word");
        for row in connection.query_all_raw(statement).await.expect("words") {
            words.push(row.try_get("", "term").expect("a text"));
        }
        words
    }
}
