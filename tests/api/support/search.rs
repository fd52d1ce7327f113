//! Changes to the search index behind the server's back, and a look into it.

use sea_orm::{ConnectionTrait, Statement, TransactionTrait};

use super::*;

/// The SQL of an id from a number that the expression has: both databases take it.
fn numbered(first: &str, number: &str) -> String {
    match is_postgres() {
        true => format!("('{first}' || lpad(to_hex({number}), 8, '0'))::uuid"),
        false => format!("unhex(printf('{first}%08x', {number}))"),
    }
}

/// An id as SQL takes it.
pub fn sql_id(id: &str) -> String {
    match is_postgres() {
        true => format!("'{id}'::uuid"),
        false => format!("x'{}'", id.replace('-', "")),
    }
}

impl TestApp {
    /// Executes statements on the server's own database.
    pub async fn run_sql(&self, sql: &str) {
        self.database().await.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Whether a statement finds anything.
    pub async fn finds(&self, sql: &str) -> bool {
        let database = self.database().await;
        let statement = Statement::from_string(database.get_database_backend(), sql);
        database.query_one_raw(statement).await.expect("an answer").is_some()
    }

    /// Whether the search index contains these letters: of SQLite's, the pages.
    pub async fn index_holds(&self, letters: &str) -> bool {
        let sql = match is_postgres() {
            true => "SELECT 1 FROM message_word WHERE strpos(words::text, $1) > 0",
            false => "SELECT 1 FROM message_word_data WHERE instr(block, CAST($1 AS blob)) > 0",
        };
        let database = self.database().await;
        let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, [letters.into()]);
        database.query_one_raw(statement).await.expect("an answer").is_some()
    }

    /// Replaces the index by one with a single word, made by other rules than those of now.
    pub async fn falsify_index(&self, word: &str) {
        let emptied = match is_postgres() {
            true => format!(
                "DELETE FROM message_word; INSERT INTO message_word (position, words) VALUES (3, '{word}'::tsvector)"
            ),
            false => format!(
                "INSERT INTO message_word (message_word) VALUES ('delete-all');
                 INSERT INTO message_word (rowid, words) VALUES (3, '{word}')"
            ),
        };
        self.run_sql(&format!("{emptied}; UPDATE search_progress SET rules = 0")).await;
    }

    /// Removes a person from all conversations.
    pub async fn remove_from_all(&self, person: &Person) {
        let id = sql_id(&person.id);
        self.run_sql(&format!("UPDATE membership SET to_position = 1000000 WHERE user_id = {id}")).await;
    }

    /// Adds a person to a conversation.
    pub async fn add_to(&self, conversation: &str, person: &Person) {
        let (conversation, person) = (sql_id(conversation), sql_id(&person.id));
        self.run_sql(&format!(
            "INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
             VALUES ({conversation}, {person}, 1000001, 2, 0, 0)"
        ))
        .await;
    }

    /// Adds a person to this many more conversations without messages.
    pub async fn fill_sidebar(&self, person: &Person, count: u64) {
        let (id, person) = (numbered("019bfc3e0000700080000000", "n"), sql_id(&person.id));
        self.run_sql(&format!(
            "BEGIN;
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             INSERT INTO conversation (id, kind, title, last_seq, last_position, active_position, created_at, updated_at)
             SELECT {id}, 2, 'Quiet', 0, 0, 0, 0, 0 FROM n;
             INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
             SELECT id, {person}, 0, 2, 0, 0 FROM conversation WHERE title = 'Quiet';
             COMMIT;"
        ))
        .await;
    }

    /// Writes two messages into each of the conversations that [`fill_sidebar`](Self::fill_sidebar) made: a word and a
    /// number, first in all of them and then in all of them again.
    pub async fn fill_conversations(&self, sender: &Person, word: &str) {
        let (begin, sender) = (if is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" }, sql_id(&sender.id));
        // As the seq is 1 or 2, the number is small.
        let id = numbered("019bfc3e0000700080010000", "CAST(n + count * (seq - 1) AS integer)");
        self.run_sql(&format!(
            "{begin};
             CREATE TEMP TABLE quiet AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM conversation
              WHERE title = 'Quiet';
             CREATE TEMP TABLE ends AS SELECT position AS head, (SELECT count(*) FROM quiet) AS count FROM feed_head;
             INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
             SELECT {id}, id, seq, {sender}, '{word} ' || (n + count * (seq - 1)), 1, head + n + count * (seq - 1), 1, 0
               FROM quiet, ends, (SELECT 1 AS seq UNION ALL SELECT 2) AS seqs;
             INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
             SELECT position, nonce, 1, conversation_id, id, created_at FROM message
              WHERE position > (SELECT head FROM ends) ORDER BY position;
             UPDATE conversation SET last_seq = 2, last_position = (SELECT head + count + n FROM quiet, ends
                WHERE quiet.id = conversation.id) WHERE title = 'Quiet';
             UPDATE conversation SET active_position = last_position WHERE title = 'Quiet';
             UPDATE feed_head SET position = (SELECT head + 2 * count FROM ends);
             COMMIT;"
        ))
        .await;
    }

    /// All words of the search index.
    pub async fn indexed_words(&self) -> Vec<String> {
        let database = self.database().await;
        let mut words = Vec::new();
        let connection = database.begin().await.expect("a transaction");
        let sql = if is_postgres() {
            "SELECT DISTINCT unnest(tsvector_to_array(words)) AS term FROM message_word"
        } else {
            let sql = "CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, message_word, row)";
            connection.execute_unprepared(sql).await.expect("a table");
            "SELECT term FROM temp.word"
        };
        let statement = Statement::from_string(database.get_database_backend(), sql);
        for row in connection.query_all_raw(statement).await.expect("words") {
            words.push(row.try_get("", "term").expect("a text"));
        }
        words
    }
}
