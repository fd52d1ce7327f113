//! Positions in the feed that the server keeps for clients.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::UserId;

/// A position and its name, which is the person's own.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consumer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub position: i64,
    pub nonce: i64,
    /// If not, the position is where the first subscription began.
    pub is_acknowledged: bool,
    /// The subscription that holds it, or held it last.
    pub claim_id: Option<Uuid>,
    /// The state of the database for which the position is valid; or, of a position of another one, the state in which a
    /// reset was sent, see `consumers::change`.
    pub lineage: String,
    /// A cursor of that state from here on says that the client knows of the reset.
    pub reset_position: Option<i64>,
    /// When it was created or acknowledged last.
    pub updated_at: Timestamp,
    /// When it was used last, with an accuracy of a day.
    pub used_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
