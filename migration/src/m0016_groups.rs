//! What finds the pinned messages of a conversation, and the group that shows a picture. Few rows have either.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0016_groups"
    }
}

const INDEXES: [&str; 2] = [
    "CREATE INDEX message_pinned_idx ON message (conversation_id, pinned_at) WHERE pinned_at IS NOT NULL",
    "CREATE INDEX conversation_picture_idx ON conversation (picture_id) WHERE picture_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
