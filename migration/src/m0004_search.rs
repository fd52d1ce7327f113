//! The index of messages by their words. The program maintains it (see `search/`), except for the trigger in this file.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_search"
    }
}

/// A document of the index is a message, identified by its position in the feed. The program has already split it into
/// words, separated by spaces, where `ascii` splits it again. Neither documents (`content=''`) nor the positions of
/// words in them are stored. Prefixes of one to three characters are indexed as well; longer ones match few words each.
/// `secure-delete` removes the words of a deleted message from the index's pages at once.
const FTS5: [&str; 2] = [
    "CREATE VIRTUAL TABLE message_word USING fts5(
       words, content = '', columnsize = 0, detail = none, prefix = '1 2 3', tokenize = 'ascii')",
    "INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1)",
];

/// On PostgreSQL a document is its set of words. Without `fastupdate`, whose list of recent documents is searched whole.
const TSVECTOR: [&str; 2] = [
    "CREATE TABLE message_word (position bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX message_word_idx ON message_word USING gin (words) WITH (fastupdate = off)",
];

/// The position up to which messages are indexed, and the version of the rules for words; 0 means none.
const PROGRESS: [&str; 2] = [
    "CREATE TABLE search_progress (id smallint PRIMARY KEY, position bigint NOT NULL, rules integer NOT NULL)",
    "INSERT INTO search_progress (id, position, rules) VALUES (1, 0, 0)",
];

/// The former text of an indexed message that has changed, until the index is updated: without the old words its
/// entries can't be found and removed. A trigger writes it, so that code that changes a text need not.
const CHANGES: &str = "CREATE TABLE search_change (position bigint PRIMARY KEY, text text)";

const SQLITE_TRIGGER: [&str; 1] = ["CREATE TRIGGER message_text_changed AFTER UPDATE OF text ON message
     WHEN old.text IS NOT new.text AND old.position <= (SELECT position FROM search_progress)
     BEGIN
       INSERT INTO search_change (position, text) SELECT old.position, old.text
        WHERE NOT EXISTS (SELECT 1 FROM search_change WHERE position = old.position);
     END"];

/// A document's words are removed by its position, so the former text is not kept.
const POSTGRES_TRIGGER: [&str; 2] = [
    "CREATE FUNCTION message_text_changed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF old.position <= (SELECT position FROM search_progress) THEN
         INSERT INTO search_change (position) VALUES (old.position) ON CONFLICT DO NOTHING;
       END IF;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER message_text_changed AFTER UPDATE OF text ON message
     FOR EACH ROW WHEN (old.text IS DISTINCT FROM new.text) EXECUTE FUNCTION message_text_changed()",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        // Used to join hits with their messages, and to find the next messages to index.
        db.execute_unprepared("CREATE UNIQUE INDEX message_position_key ON message (position)").await?;
        let (words, trigger): (&[&str], &[&str]) = match db.get_database_backend() {
            DatabaseBackend::Postgres => (&TSVECTOR, &POSTGRES_TRIGGER),
            _ => (&FTS5, &SQLITE_TRIGGER),
        };
        for statement in words.iter().chain(&PROGRESS).chain([&CHANGES]).chain(trigger) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
