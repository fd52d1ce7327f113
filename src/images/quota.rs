//! The storage quota of each person.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use crate::clock::Timestamp;
use crate::db;
use crate::entity::{image, image_upload};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;

/// The storage that a person uses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    images: u64,
    bytes: u64,
}

#[derive(FromQueryResult)]
struct Sum {
    owner_id: UserId,
    images: i64,
    bytes: Option<i64>,
}

/// A sum of bytes. PostgreSQL makes a numeric of it, which is no i64 yet.
pub(super) fn total(bytes: impl IntoColumnRef) -> Expr {
    Expr::col(bytes).sum().cast_as("bigint")
}

impl Usage {
    /// The usage of each of these people.
    pub(super) async fn read(
        db: &impl ConnectionTrait,
        people: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Self>, DbErr> {
        let sums = image::Entity::find()
            .select_only()
            .column(image::Column::OwnerId)
            .column_as(Expr::col(image::Column::Id).count(), "images")
            .column_as(total(image::Column::StoredBytes), "bytes")
            .filter(image::Column::OwnerId.is_in(people))
            .group_by(image::Column::OwnerId)
            .into_model::<Sum>()
            .all(db)
            .await?;
        let usage = |sum: &Sum| Self { images: db::count(sum.images), bytes: sum.bytes.map_or(0, db::count) };
        Ok(sums.iter().map(|sum| (sum.owner_id, usage(sum))).collect())
    }

    /// Adds the bytes that the person may still put into open upload slots.
    pub(super) async fn with_slots(
        self,
        db: &impl ConnectionTrait,
        person: UserId,
        now: Timestamp,
    ) -> Result<Self, DbErr> {
        let promised = image_upload::Entity::find()
            .select_only()
            .column_as(total(image_upload::Column::ByteSize), "bytes")
            .filter(image_upload::Column::OwnerId.eq(person))
            .filter(image_upload::Column::UsedAt.is_null())
            .filter(image_upload::Column::ExpiresAt.gt(now - limits::UPLOAD_UNUSED))
            .into_tuple::<Option<i64>>()
            .one(db)
            .await?;
        let bytes: u64 = promised.flatten().map_or(0, db::count);
        Ok(Self { bytes: self.bytes.saturating_add(bytes), ..self })
    }

    /// Adds an image, if the quota allows it.
    pub(super) fn add(&mut self, bytes: u64) -> Result<()> {
        if self.images >= limits::IMAGES_PER_USER {
            let message = format!("you have {} images, which is the limit: delete some", self.images);
            return Err(Error::ImageTooLarge(message.into()));
        }
        if self.bytes.saturating_add(bytes) > limits::IMAGE_BYTES_PER_USER {
            let mebibytes = limits::IMAGE_BYTES_PER_USER / 1024 / 1024;
            let message = format!("your images may use {mebibytes} MiB, and this one would exceed it: delete some");
            return Err(Error::ImageTooLarge(message.into()));
        }
        self.images += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}
