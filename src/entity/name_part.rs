//! The parts of people's names, by which they are found.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// What a word of a name ends with, folded; the whole word is one of them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "name_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: String,
    /// Whether a word begins with it.
    pub is_start: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
