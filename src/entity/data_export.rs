//! Archives that people asked for of their own data, one a person. The bytes are objects in storage.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ExportId, SessionId, UserId};

/// An archive, made or being made.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "data_export")]
pub struct Model {
    /// Whose data it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// What its address names.
    pub id: ExportId,
    /// The session that asked for it, and with which its address ends. Null if a token of the app or a bot did.
    pub session_id: Option<SessionId>,
    pub created_at: Timestamp,
    /// From then on it is gone, and another one may be asked for.
    pub expires_at: Timestamp,
    /// How often it was begun: the one that was begun last writes it.
    pub attempt: i32,
    /// Until then somebody is making it, who moves this on.
    pub building_until: Timestamp,
    /// The size of all of its objects but the last.
    pub piece_bytes: i64,
    /// Its size. Null until it is whole.
    pub byte_size: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
