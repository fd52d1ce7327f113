//! The migrations of Parlour's tables. The code of the previous version must run on the tables of this one.

pub use sea_orm_migration::prelude::{DbErr, MigratorTrait};
use sea_orm_migration::prelude::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use sea_orm_migration::sea_orm::{DatabaseConnection, EntityTrait};
use sea_orm_migration::seaql_migrations;

mod m0001_foundation;
mod m0002_stays;
mod m0003_disabled;
mod m0004_search;
mod m0005_erasure;
mod m0006_images;
mod m0007_cursor_key;
mod m0008_search_by_conversation;
mod m0009_nodes;
mod m0010_rate;
mod m0011_image_place;
mod m0012_consumers;
mod m0013_apps;
mod m0014_webhooks;
mod m0015_people;
mod m0016_groups;
mod m0017_reactions;
mod m0018_blocks;
mod m0019_retention;
mod m0021_operate;
mod m0022_owners;
mod m0023_audit_detail;

/// How the migrations of a database differ from those of this program.
#[derive(Debug)]
pub struct Difference {
    /// Those that the database lacks.
    pub missing: Vec<String>,
    /// Those that this program does not know, because a newer one made them.
    pub unknown: Vec<String>,
}

/// Reads which migrations a database has. Writes nothing, not even the table of migrations.
pub async fn compare(db: &DatabaseConnection) -> Result<Difference, DbErr> {
    let taken = match SchemaManager::new(db).has_table("seaql_migrations").await? {
        true => seaql_migrations::Entity::find().all(db).await?,
        false => Vec::new(),
    };
    let taken: Vec<String> = taken.into_iter().map(|step| step.version).collect();
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    Ok(Difference {
        missing: known.iter().filter(|step| !taken.contains(step)).cloned().collect(),
        unknown: taken.into_iter().filter(|step| !known.contains(step)).collect(),
    })
}

/// Runs the migrations that a database lacks.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: [Box<dyn MigrationTrait>; 22] = [
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_stays::Migration),
            Box::new(m0003_disabled::Migration),
            Box::new(m0004_search::Migration),
            Box::new(m0005_erasure::Migration),
            Box::new(m0006_images::Migration),
            Box::new(m0007_cursor_key::Migration),
            Box::new(m0008_search_by_conversation::Migration),
            Box::new(m0009_nodes::Migration),
            Box::new(m0010_rate::Migration),
            Box::new(m0011_image_place::Migration),
            Box::new(m0012_consumers::Migration),
            Box::new(m0013_apps::Migration),
            Box::new(m0014_webhooks::Migration),
            Box::new(m0015_people::Migration),
            Box::new(m0016_groups::Migration),
            Box::new(m0017_reactions::Migration),
            Box::new(m0018_blocks::Migration),
            Box::new(m0019_retention::Migration),
            Box::new(m0021_operate::Migration),
            Box::new(m0022_owners::Migration),
            Box::new(m0023_audit_detail::Migration),
        ];
        steps.into_iter().map(|step| Box::new(WholeOrNot(step)) as Box<dyn MigrationTrait>).collect()
    }
}

/// A migration in a transaction. The library has one for PostgreSQL only: with SQLite, a disk that gets full in the middle
/// would leave half of the tables, with which no start succeeds any more.
struct WholeOrNot(Box<dyn MigrationTrait>);

impl MigrationName for WholeOrNot {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WholeOrNot {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
