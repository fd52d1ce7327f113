//! The owner of a group, whom every change of it by a key asks for, without a look at all of its members.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0022_owners"
    }
}

/// Of the role `Owner`. Not unique: for a moment a new owner and the one before are in it.
const OWNERS: &str =
    "CREATE INDEX membership_owner_idx ON membership (conversation_id) WHERE role = 1 AND to_position IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(OWNERS).await?;
        Ok(())
    }
}
