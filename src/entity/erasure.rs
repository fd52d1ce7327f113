//! Erasures that are under way: of people who have left for good, and whose texts are not all cleared yet.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::UserId;

/// Somebody whose texts are being cleared. Readers of messages skip those that are left of them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// When they left: the `deleted_at` of their messages.
    pub erased_at: Timestamp,
    /// The position of its event; null until that is written.
    pub told_position: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
