//! An index of all memberships of a person, including those that have ended.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_stays"
    }
}

#[derive(DeriveIden)]
enum Membership {
    Table,
    UserId,
    ConversationId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("membership_stays_idx")
                    .table(Membership::Table)
                    .col(Membership::UserId)
                    .col(Membership::ConversationId)
                    .to_owned(),
            )
            .await
    }
}
