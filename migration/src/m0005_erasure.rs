//! Erasures in progress.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, uuid};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_erasure"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum Erasure {
    Table,
    UserId,
    ErasedAt,
    ToldPosition,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Erasure::Table)
                    .col(uuid(Erasure::UserId).primary_key())
                    .col(big_integer(Erasure::ErasedAt))
                    // The position of the event that publishes it; null until then.
                    .col(big_integer_null(Erasure::ToldPosition))
                    .to_owned(),
            )
            .await
    }
}
