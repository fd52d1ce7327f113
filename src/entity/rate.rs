//! What is counted for all nodes: wrong passwords and new accounts.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;

/// A bucket of the generic cell rate algorithm, or an address from which somebody has signed in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate")]
pub struct Model {
    /// A keyed hash: neither e-mail addresses nor networks are stored here.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    /// When the bucket is full again; the row means nothing from then on.
    pub full_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
