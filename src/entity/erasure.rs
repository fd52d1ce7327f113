//! Erasures in progress: people whose account is deleted and whose texts are not all cleared yet.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::UserId;

/// A person whose texts are being cleared. Readers of messages see the remaining ones as tombstones.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When they left: the `deleted_at` of their messages.
    pub erased_at: Timestamp,
    /// The position of the event that publishes it; null until then.
    #[sea_orm(column_name = "told_position")]
    pub published_position: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
