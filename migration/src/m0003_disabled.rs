//! People whom the operator keeps from signing in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_disabled"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum User {
    Table,
    DisabledAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null if they may sign in, which is also what the previous version writes.
        let column = big_integer_null(User::DisabledAt);
        manager.alter_table(Table::alter().table(User::Table).add_column(column).to_owned()).await
    }
}
