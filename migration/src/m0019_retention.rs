//! How much of a history is kept: from which seq on, and for how many days where a group has its own number.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, integer_null, uuid_null};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0019_retention"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum Conversation {
    Table,
    FirstSeq,
    RetentionDays,
}

#[derive(Clone, Copy, DeriveIden)]
enum SearchChange {
    Table,
    ConversationId,
}

/// Few groups have a number of their own; where the server has none, only these are looked at.
const OWN_RETENTION: &str =
    "CREATE INDEX conversation_retention_idx ON conversation (id) WHERE retention_days IS NOT NULL";

/// What belongs to a message goes with its row, whoever deletes it. FTS5 removes a document by its words, which begin with
/// the conversation's id: both are noted for the program, which removes it.
const SQLITE_TRIGGER: [&str; 1] = ["CREATE TRIGGER message_removed AFTER DELETE ON message
      BEGIN
        UPDATE search_change SET conversation_id = old.conversation_id WHERE position = old.position;
        INSERT INTO search_change (position, text, conversation_id)
          SELECT old.position, old.text, old.conversation_id
           WHERE old.text IS NOT NULL AND old.position <= (SELECT position FROM search_progress)
             AND NOT EXISTS (SELECT 1 FROM search_change WHERE position = old.position);
        DELETE FROM reaction WHERE message_id = old.id;
        DELETE FROM mention WHERE position = old.position;
      END"];

/// There the words are a row, which is found by its position.
const POSTGRES_TRIGGER: [&str; 2] = [
    "CREATE FUNCTION message_removed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM search_change WHERE position = old.position;
       DELETE FROM message_word WHERE position = old.position;
       DELETE FROM reaction WHERE message_id = old.id;
       DELETE FROM mention WHERE position = old.position;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER message_removed AFTER DELETE ON message FOR EACH ROW EXECUTE FUNCTION message_removed()",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null or with a default, so that the previous version need not know them.
        let first_seq = integer(Conversation::FirstSeq).default(1).to_owned();
        for column in [first_seq, integer_null(Conversation::RetentionDays)] {
            let add = Table::alter().table(Conversation::Table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let conversation = uuid_null(SearchChange::ConversationId);
        manager.alter_table(Table::alter().table(SearchChange::Table).add_column(conversation).to_owned()).await?;
        let db = manager.get_connection();
        let trigger: &[&str] = match db.get_database_backend() {
            DatabaseBackend::Postgres => &POSTGRES_TRIGGER,
            _ => &SQLITE_TRIGGER,
        };
        for statement in trigger.iter().chain(&[OWN_RETENTION]) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
