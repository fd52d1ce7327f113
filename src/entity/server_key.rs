//! Keys of an app's backend. A key that was revoked has no row.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{KeyId, UserId};

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "server_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: KeyId,
    /// What the operator calls it.
    pub name: String,
    /// The SHA-256 of the key: it has as much chance in it as the hash, so that no salt is needed.
    pub hash: Vec<u8>,
    /// What it may do, separated by commas.
    pub scopes: String,
    /// The bot that it signs in. Null for the key of a backend.
    pub bot_id: Option<UserId>,
    pub created_at: Timestamp,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
