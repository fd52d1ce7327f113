//! What belongs to messages: reactions, whom they call, and how many of them do not count as unread.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, uuid};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0017_reactions"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum Reaction {
    Table,
    MessageId,
    UserId,
    Emoji,
    Position,
}

#[derive(Clone, Copy, DeriveIden)]
enum Mention {
    Table,
    Position,
    UserId,
    ConversationId,
    Seq,
    SenderId,
}

#[derive(Clone, Copy, DeriveIden)]
enum UncountedBlock {
    Table,
    ConversationId,
    Block,
    Messages,
}

/// What of a conversation does not count as unread: tombstones, and lines of its own. A mark in the middle of a block asks
/// for those of one block by seq; of all later blocks the number is known.
const UNCOUNTED: [&str; 2] = [
    "CREATE INDEX message_uncounted_idx ON message (conversation_id, seq)
      WHERE deleted_at IS NOT NULL OR system_line IS NOT NULL",
    "INSERT INTO uncounted_block (conversation_id, block, messages)
      SELECT conversation_id, seq / 1024, COUNT(*) FROM message
       WHERE deleted_at IS NOT NULL OR system_line IS NOT NULL GROUP BY conversation_id, seq / 1024",
];

/// The numbers are kept by triggers, so that they are right whoever deletes: an edit, the sweep of an erasure, or a node of
/// the version before, which does not know them. A message that is deleted calls nobody, and has no reactions.
const SQLITE_TRIGGERS: [&str; 2] = [
    "CREATE TRIGGER message_added_uncounted AFTER INSERT ON message
      WHEN new.deleted_at IS NOT NULL OR new.system_line IS NOT NULL
      BEGIN
        INSERT INTO uncounted_block (conversation_id, block, messages) VALUES (new.conversation_id, new.seq / 1024, 1)
          ON CONFLICT (conversation_id, block) DO UPDATE SET messages = messages + 1;
      END",
    "CREATE TRIGGER message_buried AFTER UPDATE OF deleted_at ON message
      WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL
      BEGIN
        INSERT INTO uncounted_block (conversation_id, block, messages)
          SELECT new.conversation_id, new.seq / 1024, 1 WHERE old.system_line IS NULL
          ON CONFLICT (conversation_id, block) DO UPDATE SET messages = messages + 1;
        DELETE FROM reaction WHERE message_id = new.id;
        DELETE FROM mention WHERE position = new.position;
      END",
];

const POSTGRES_TRIGGERS: [&str; 4] = [
    "CREATE FUNCTION message_added_uncounted() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       INSERT INTO uncounted_block (conversation_id, block, messages) VALUES (new.conversation_id, new.seq / 1024, 1)
         ON CONFLICT (conversation_id, block) DO UPDATE SET messages = uncounted_block.messages + 1;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER message_added_uncounted AFTER INSERT ON message
     FOR EACH ROW WHEN (new.deleted_at IS NOT NULL OR new.system_line IS NOT NULL)
     EXECUTE FUNCTION message_added_uncounted()",
    "CREATE FUNCTION message_buried() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF old.system_line IS NULL THEN
         INSERT INTO uncounted_block (conversation_id, block, messages) VALUES (new.conversation_id, new.seq / 1024, 1)
           ON CONFLICT (conversation_id, block) DO UPDATE SET messages = uncounted_block.messages + 1;
       END IF;
       DELETE FROM reaction WHERE message_id = new.id;
       DELETE FROM mention WHERE position = new.position;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER message_buried AFTER UPDATE OF deleted_at ON message
     FOR EACH ROW WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL) EXECUTE FUNCTION message_buried()",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        make_reactions(manager).await?;
        make_mentions(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table(UncountedBlock::Table)
                    .col(uuid(UncountedBlock::ConversationId))
                    .col(integer(UncountedBlock::Block))
                    .col(integer(UncountedBlock::Messages))
                    .primary_key(Index::create().col(UncountedBlock::ConversationId).col(UncountedBlock::Block))
                    .to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        let triggers: &[&str] = match db.get_database_backend() {
            DatabaseBackend::Postgres => &POSTGRES_TRIGGERS,
            _ => &SQLITE_TRIGGERS,
        };
        for statement in UNCOUNTED.iter().chain(triggers) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

async fn make_reactions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table(Reaction::Table)
        .col(uuid(Reaction::MessageId))
        .col(uuid(Reaction::UserId))
        .col(string(Reaction::Emoji))
        .col(big_integer(Reaction::Position))
        .primary_key(Index::create().col(Reaction::MessageId).col(Reaction::UserId).col(Reaction::Emoji))
        .to_owned();
    manager.create_table(table).await?;
    // Who reacted with what, the first ones first.
    let by_emoji = Index::create()
        .name("reaction_emoji_idx")
        .table(Reaction::Table)
        .col(Reaction::MessageId)
        .col(Reaction::Emoji)
        .col(Reaction::Position)
        .col(Reaction::UserId)
        .to_owned();
    manager.create_index(by_emoji).await?;
    // An erased person's go.
    let by_user = Index::create().name("reaction_user_idx").table(Reaction::Table).col(Reaction::UserId).to_owned();
    manager.create_index(by_user).await
}

async fn make_mentions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table(Mention::Table)
        // The message's, by which the newest come first.
        .col(big_integer(Mention::Position))
        // All zeros where it calls everybody.
        .col(uuid(Mention::UserId))
        .col(uuid(Mention::ConversationId))
        .col(integer(Mention::Seq))
        .col(uuid(Mention::SenderId))
        .primary_key(Index::create().col(Mention::Position).col(Mention::UserId))
        .to_owned();
    manager.create_table(table).await?;
    let unread = Index::create()
        .name("mention_unread_idx")
        .table(Mention::Table)
        .col(Mention::UserId)
        .col(Mention::ConversationId)
        .col(Mention::Seq)
        .to_owned();
    manager.create_index(unread).await?;
    let newest = Index::create()
        .name("mention_newest_idx")
        .table(Mention::Table)
        .col(Mention::UserId)
        .col(Mention::Position)
        .to_owned();
    manager.create_index(newest).await
}
