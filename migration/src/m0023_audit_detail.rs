//! What exactly was done, in the audit log, and finding its entries by whom and what they are about.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0023_audit_detail"
    }
}

#[derive(DeriveIden)]
enum AuditEntry {
    Table,
    Detail,
}

/// Each ends with the id, by which pages are read.
const INDEXES: [&str; 4] = [
    "CREATE INDEX audit_entry_subject_idx ON audit_entry (subject_id, id)",
    "CREATE INDEX audit_entry_user_idx ON audit_entry (user_id, id) WHERE user_id IS NOT NULL",
    "CREATE INDEX audit_entry_key_idx ON audit_entry (key_id, id) WHERE key_id IS NOT NULL",
    "CREATE INDEX audit_entry_action_idx ON audit_entry (action, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null, so that the previous version need not know it.
        let detail = text_null(AuditEntry::Detail);
        manager.alter_table(Table::alter().table(AuditEntry::Table).add_column(detail).to_owned()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
