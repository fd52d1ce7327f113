//! Positions in the feed that the server keeps for clients, and what a file is a copy of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, uuid, uuid_null};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0012_consumers"
    }
}

#[derive(DeriveIden)]
enum Consumer {
    Table,
    UserId,
    Name,
    Position,
    Nonce,
    IsAcknowledged,
    ClaimId,
    Lineage,
    ResetPosition,
    UpdatedAt,
    UsedAt,
}

#[derive(DeriveIden)]
enum User {
    Table,
    Id,
}

/// The person of a conversation's event was the one who came or left, whom `recipient_id` names as well. From now on it is
/// the one whose doing it was, which is not known of these.
const NOBODYS_DOING: &str = "UPDATE feed_event SET user_id = NULL WHERE kind IN (4, 6)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Consumer::Table)
                    .col(uuid(Consumer::UserId))
                    .col(string(Consumer::Name))
                    .col(big_integer(Consumer::Position))
                    .col(big_integer(Consumer::Nonce))
                    // If not, the position is where the first subscription began.
                    .col(boolean(Consumer::IsAcknowledged))
                    // The subscription that holds it, or held it last.
                    .col(uuid_null(Consumer::ClaimId))
                    // The state of the database for which the position is valid.
                    .col(string(Consumer::Lineage))
                    // An acknowledgement from here on says that the client knows of another lineage.
                    .col(big_integer_null(Consumer::ResetPosition))
                    .col(big_integer(Consumer::UpdatedAt))
                    .col(big_integer(Consumer::UsedAt))
                    .primary_key(Index::create().name("consumer_pkey").col(Consumer::UserId).col(Consumer::Name))
                    .foreign_key(
                        ForeignKey::create()
                            .name("consumer_user_fkey")
                            .from(Consumer::Table, Consumer::UserId)
                            .to(User::Table, User::Id),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("consumer_used_idx").table(Consumer::Table).col(Consumer::UsedAt).to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        if db.get_database_backend() == DatabaseBackend::Sqlite {
            // One row. A backup gets another name. PostgreSQL tells by itself when it was restored.
            db.execute_unprepared("CREATE TABLE lineage (name varchar NOT NULL)").await?;
            db.execute_unprepared("INSERT INTO lineage (name) VALUES (lower(hex(randomblob(16))))").await?;
        }
        db.execute_unprepared(NOBODYS_DOING).await?;
        Ok(())
    }
}
