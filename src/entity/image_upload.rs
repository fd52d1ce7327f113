//! Slots for images that clients upload directly to storage.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{UploadId, UserId};

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    pub owner_id: UserId,
    /// The announced size.
    pub mime_type: String,
    pub byte_size: i64,
    pub created_at: Timestamp,
    /// When it stops accepting bytes.
    pub expires_at: Timestamp,
    /// When it became an image of a message or a person.
    pub used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
