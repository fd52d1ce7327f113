//! Archives of one's own data, why an operator did something, and how many people there are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, string_null, uuid, uuid_null};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0021_operate"
    }
}

#[derive(DeriveIden)]
enum AuditEntry {
    Table,
    Reason,
}

#[derive(DeriveIden)]
enum DataExport {
    Table,
    UserId,
    Id,
    SessionId,
    CreatedAt,
    ExpiresAt,
    Attempt,
    BuildingUntil,
    PieceBytes,
    ByteSize,
}

/// What the metrics count, without a look at the people themselves.
const LIVING: &str = "CREATE INDEX user_living_idx ON \"user\" (disabled_at) WHERE deleted_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null, so that the previous version need not know it. What that one has written stays where it is, in `address`:
        // an entry is never changed.
        let reason = string_null(AuditEntry::Reason);
        manager.alter_table(Table::alter().table(AuditEntry::Table).add_column(reason).to_owned()).await?;
        // One a person. It refers to nobody, so that the previous version need not know it.
        manager
            .create_table(
                Table::create()
                    .table(DataExport::Table)
                    .col(uuid(DataExport::UserId).primary_key())
                    .col(uuid(DataExport::Id))
                    .col(uuid_null(DataExport::SessionId))
                    .col(big_integer(DataExport::CreatedAt))
                    .col(big_integer(DataExport::ExpiresAt))
                    .col(integer(DataExport::Attempt))
                    .col(big_integer(DataExport::BuildingUntil))
                    .col(big_integer(DataExport::PieceBytes))
                    .col(big_integer_null(DataExport::ByteSize))
                    .to_owned(),
            )
            .await?;
        let by_id =
            Index::create().name("data_export_id_key").table(DataExport::Table).unique().col(DataExport::Id).to_owned();
        manager.create_index(by_id).await?;
        manager.get_connection().execute_unprepared(LIVING).await?;
        Ok(())
    }
}
