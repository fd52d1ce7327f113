//! Objects in storage that nothing refers to, or not yet. Each is deleted when it is due.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;

/// An object to delete.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_deletion")]
pub struct Model {
    /// The object's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub due_at: Timestamp,
    /// Failed attempts.
    pub tries: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
