//! The index of messages by their words. The program keeps it (see `search/`), apart from what is in here.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_search"
    }
}

/// A document of the index is a message, by its position in the feed, with words that the program has taken apart
/// already: `ascii` splits at the spaces between them. No document is kept (`content=''`), nor where in it a word
/// stands. The beginnings of words, of one to three characters, are indexed as well: longer ones are few words each.
/// `secure-delete` takes the words of a message that was deleted off the index's pages at once.
const WORDS: [&str; 2] = [
    "CREATE VIRTUAL TABLE message_word USING fts5(
       words, content = '', columnsize = 0, detail = none, prefix = '1 2 3', tokenize = 'ascii')",
    "INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1)",
];

/// How far the index goes, and by which rules words were taken; 0 is by none.
const PROGRESS: [&str; 2] = [
    "CREATE TABLE search_progress (id smallint PRIMARY KEY, position bigint NOT NULL, rules integer NOT NULL)",
    "INSERT INTO search_progress (id, position, rules) VALUES (1, 0, 0)",
];

/// What an indexed message said when it was indexed, until the index has taken in what became of it: without the old
/// words they can't be found to be removed. Whoever changes a text, for whatever reason, need not think of it.
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
        // Also what the index is joined by, and what it goes on by.
        db.execute_unprepared("CREATE UNIQUE INDEX message_position_key ON message (position)").await?;
        for statement in [WORDS, PROGRESS, CHANGES].as_flattened() {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
