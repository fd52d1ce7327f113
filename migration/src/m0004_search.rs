//! The index of messages by their words. The program maintains it (see `search/`), except for the trigger in this file.

use sea_orm_migration::prelude::*;

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
const WORDS: [&str; 2] = [
    "CREATE VIRTUAL TABLE message_word USING fts5(
       words, content = '', columnsize = 0, detail = none, prefix = '1 2 3', tokenize = 'ascii')",
    "INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1)",
];

/// The position up to which messages are indexed, and the version of the rules for words; 0 means none.
const PROGRESS: [&str; 2] = [
    "CREATE TABLE search_progress (id smallint PRIMARY KEY, position bigint NOT NULL, rules integer NOT NULL)",
    "INSERT INTO search_progress (id, position, rules) VALUES (1, 0, 0)",
];

/// The former text of an indexed message that has changed, until the index is updated: without the old words its
/// entries can't be found and removed. A trigger writes it, so that code that changes a text need not.
const CHANGES: [&str; 2] = [
    "CREATE TABLE search_change (position bigint PRIMARY KEY, text text)",
    "CREATE TRIGGER message_text_changed AFTER UPDATE OF text ON message
     WHEN old.text IS NOT new.text AND old.position <= (SELECT position FROM search_progress)
     BEGIN
       INSERT INTO search_change (position, text) SELECT old.position, old.text
        WHERE NOT EXISTS (SELECT 1 FROM search_change WHERE position = old.position);
     END",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        // Used to join hits with their messages, and to find the next messages to index.
        db.execute_unprepared("CREATE UNIQUE INDEX message_position_key ON message (position)").await?;
        for statement in [WORDS, PROGRESS, CHANGES].as_flattened() {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
