//! Subscriptions whose events are POSTed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, string, string_null, text, text_null, uuid, uuid_null,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0014_webhooks"
    }
}

#[derive(DeriveIden)]
enum Webhook {
    Table,
    Id,
    Url,
    Document,
    Kinds,
    UserId,
    BatchSize,
    Secret,
    PreviousSecret,
    RotatedAt,
    Position,
    Nonce,
    Lineage,
    ClaimId,
    PausedAt,
    PauseReason,
    Failures,
    NextTryAt,
    LastError,
    Attempts,
    CreatedAt,
}

#[derive(DeriveIden)]
enum User {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Webhook::Table)
                    .col(uuid(Webhook::Id).primary_key())
                    .col(string(Webhook::Url))
                    .col(text(Webhook::Document))
                    // Names of kinds of events, separated by commas; all of them if it is null.
                    .col(string_null(Webhook::Kinds))
                    // Whose events; everybody's if it is null.
                    .col(uuid_null(Webhook::UserId))
                    .col(integer(Webhook::BatchSize))
                    .col(string(Webhook::Secret))
                    .col(string_null(Webhook::PreviousSecret))
                    .col(big_integer_null(Webhook::RotatedAt))
                    // Everything up to here was accepted.
                    .col(big_integer(Webhook::Position))
                    .col(big_integer(Webhook::Nonce))
                    // The state of the database for which the position is valid.
                    .col(string(Webhook::Lineage))
                    // The work on it that began last.
                    .col(uuid_null(Webhook::ClaimId))
                    .col(big_integer_null(Webhook::PausedAt))
                    .col(text_null(Webhook::PauseReason))
                    // Tries that failed since the last one that did not.
                    .col(integer(Webhook::Failures))
                    .col(big_integer_null(Webhook::NextTryAt))
                    .col(text_null(Webhook::LastError))
                    // The last tries, as JSON.
                    .col(text(Webhook::Attempts))
                    .col(big_integer(Webhook::CreatedAt))
                    .foreign_key(
                        ForeignKey::create()
                            .name("webhook_user_fkey")
                            .from(Webhook::Table, Webhook::UserId)
                            .to(User::Table, User::Id),
                    )
                    .to_owned(),
            )
            .await
    }
}
