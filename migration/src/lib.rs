//! The tables of Parlour, a migration a step. The code of the version before must run on the tables of this one.

pub use sea_orm_migration::prelude::{DbErr, MigratorTrait};
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

mod m0001_foundation;

/// Brings a database from any earlier step to the newest.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_foundation::Migration)]
    }
}
