//! People.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ImageId, UserId};

/// A person with an account, or the remains of an erased one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub full_name: String,
    /// The name as it is searched and sorted.
    pub name_key: String,
    /// Null once the account is erased.
    pub email: Option<String>,
    pub password_hash: Option<String>,
    pub last_seen_at: Option<Timestamp>,
    /// Their picture.
    pub image_id: Option<ImageId>,
    /// The position of the newest change that others see; 0 if there was none.
    pub changed_position: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    /// Set while the operator has disabled the account.
    pub disabled_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
