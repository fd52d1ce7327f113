//! The index of messages by their words, where each word has the id of its conversation as a prefix.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0008_search_by_conversation"
    }
}

/// As in `m0004_search`, but without an index of prefixes: all words of a conversation begin alike, and there are few
/// of them. The program rebuilds it, and so does the previous version, by its own rules for words.
const ANEW: [&str; 5] = [
    "DROP TABLE message_word",
    "CREATE VIRTUAL TABLE message_word USING fts5(
       words, content = '', columnsize = 0, detail = none, tokenize = 'ascii')",
    "INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1)",
    "DELETE FROM search_change",
    "UPDATE search_progress SET position = 0, rules = 0",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if db.get_database_backend() != DatabaseBackend::Sqlite {
            // There it was never otherwise.
            return Ok(());
        }
        for statement in ANEW {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
