//! The random key that seals cursors: part of the database, so that copies of it open the same cursors.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;

/// The only row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cursor_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    pub key: KeyBytes,
    /// When sealing began, if the database had issued unsealed cursors before; else null.
    pub sealed_since: Option<Timestamp>,
}

/// A key, which does not print.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct KeyBytes(Vec<u8>);

impl KeyBytes {
    /// Wraps a key.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The key itself.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyBytes(…)")
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
