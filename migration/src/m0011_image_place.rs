//! Which storage the images of a PostgreSQL database are in, as its nodes have to share one. With SQLite there is one
//! server, and no such table.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0011_image_place"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if db.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        // One row at most, which the first node writes.
        db.execute_unprepared("CREATE TABLE image_place (id smallint PRIMARY KEY, place varchar NOT NULL)").await?;
        Ok(())
    }
}
