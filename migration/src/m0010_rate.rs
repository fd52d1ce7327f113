//! What the rates count that all nodes share: wrong passwords and new accounts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary_len};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0010_rate"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum Rate {
    Table,
    Key,
    FullAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Rate::Table)
                    // A keyed hash of what is counted: an e-mail address, a network, or both.
                    .col(binary_len(Rate::Key, 16).primary_key())
                    .col(big_integer(Rate::FullAt))
                    .to_owned(),
            )
            .await
    }
}
