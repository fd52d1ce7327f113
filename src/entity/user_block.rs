//! Who has blocked whom.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::UserId;

/// A person who has blocked another one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_block")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocker_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocked_id: UserId,
    pub created_at: Timestamp,
}

impl Model {
    /// The other one of the two.
    pub fn other(&self, one: UserId) -> UserId {
        if self.blocker_id == one { self.blocked_id } else { self.blocker_id }
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
