//! Images that a message or a person refers to.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ImageId, UserId};

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImageId,
    /// The person whose quota it counts against.
    pub owner_id: UserId,
    pub format: Format,
    pub width: i32,
    pub height: i32,
    /// The size of the image alone.
    pub byte_size: i64,
    /// The size with its thumbnails.
    pub stored_bytes: i64,
    /// A ThumbHash.
    pub placeholder: Option<Vec<u8>>,
    /// The ranges of the image and its thumbnails in the object, as JSON.
    pub parts: String,
    pub created_at: Timestamp,
}

/// The format in which an image is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Format {
    Jpeg = 1,
    Png = 2,
    Gif = 3,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
