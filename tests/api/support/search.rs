//! What tests of the search do to the database behind the server's back.

use sea_orm::{ConnectionTrait, Statement};

use super::*;

impl TestApp {
    /// Executes statements on the server's own database.
    pub async fn run_sql(&self, sql: &str) {
        self.database().await.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Whether the pages of the search index have these letters in them.
    pub async fn index_holds(&self, letters: &str) -> bool {
        let sql = "SELECT 1 FROM message_word_data WHERE instr(block, CAST($1 AS blob)) > 0";
        let database = self.database().await;
        let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, [letters.into()]);
        database.query_one_raw(statement).await.expect("an answer").is_some()
    }

    /// Takes somebody out of all conversations.
    pub async fn remove_from_all(&self, person: &Person) {
        let id = person.id.replace('-', "");
        self.run_sql(&format!("UPDATE membership SET to_position = 1000000 WHERE user_id = x'{id}'")).await;
    }

    /// Puts somebody into a conversation.
    pub async fn add_to(&self, conversation: &str, person: &Person) {
        let (conversation, person) = (conversation.replace('-', ""), person.id.replace('-', ""));
        self.run_sql(&format!(
            "INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
             VALUES (x'{conversation}', x'{person}', 1000001, 2, 0, 0)"
        ))
        .await;
    }

    /// Puts somebody into so many more conversations, in which nothing is written.
    pub async fn fill_sidebar(&self, person: &Person, count: usize) {
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
}
