//! The tables of Parlour, a migration a step. The code of the version before must run on the tables of this one.

use sea_orm_migration::prelude::{ConnectionTrait, MigrationTrait, async_trait};
pub use sea_orm_migration::prelude::{DbErr, MigratorTrait};

mod m0001_foundation;
mod m0002_stays;
mod m0003_disabled;
mod m0004_search;
mod m0005_erasure;
mod m0006_images;
mod m0007_cursor_key;

/// The steps of a database that this program does not know, because a newer one made them.
pub async fn unknown(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let known = Migrator::get_migration_files();
    let made = Migrator::get_migration_models(db).await?.into_iter().map(|step| step.version);
    Ok(made.filter(|step| known.iter().all(|known| known.name() != step)).collect())
}

/// Brings a database from any earlier step to the newest.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_stays::Migration),
            Box::new(m0003_disabled::Migration),
            Box::new(m0004_search::Migration),
            Box::new(m0005_erasure::Migration),
            Box::new(m0006_images::Migration),
            Box::new(m0007_cursor_key::Migration),
        ]
    }
}
