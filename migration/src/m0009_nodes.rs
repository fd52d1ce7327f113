//! The nodes that serve from one PostgreSQL database, and who is online on each. On SQLite there is one node, and no
//! such table.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0009_nodes"
    }
}

/// Not logged: it costs no write to the disk, and is empty after a crash of the server, when every node writes its own
/// rows anew. A generation counts how often a node has lost its lease.
const TABLES: [&str; 2] = [
    "CREATE UNLOGGED TABLE node (
       id uuid PRIMARY KEY, generation bigint NOT NULL, version varchar NOT NULL, started_at bigint NOT NULL,
       position bigint NOT NULL, expires_at timestamptz NOT NULL)",
    "CREATE UNLOGGED TABLE node_person (
       node_id uuid NOT NULL, user_id uuid NOT NULL, PRIMARY KEY (node_id, user_id))",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if db.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        for statement in TABLES {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
