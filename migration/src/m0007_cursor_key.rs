//! The key that cursors are sealed with. The program creates the only row at its first start.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, binary_len, small_integer};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0007_cursor_key"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum CursorKey {
    Table,
    Id,
    Key,
    SealedSince,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(CursorKey::Table)
                    .col(small_integer(CursorKey::Id).primary_key())
                    .col(binary_len(CursorKey::Key, 64))
                    // When sealing began, if the database had issued unsealed cursors before; else null.
                    .col(big_integer_null(CursorKey::SealedSince))
                    .to_owned(),
            )
            .await
    }
}
