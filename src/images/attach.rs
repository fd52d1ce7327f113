//! Attaching images to messages and people, and detaching them. It runs within the transaction of the change, so that
//! nothing ever points to a missing image.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::bookkeeping::{list, object, use_up};
use super::quota::Usage;
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::{conversation, image, image_deletion, image_upload, message, report, user};
use crate::error::{Error, Result};
use crate::id::{ImageId, UploadId, UserId};

/// A stored image that a change may point to.
#[derive(Clone, Debug)]
pub struct ImageAttachment {
    pub(super) row: image::Model,
    /// The upload slot that it came from, and the input field that named the slot.
    pub(super) upload: Option<(UploadId, &'static str)>,
}

impl ImageAttachment {
    /// The image's id.
    pub fn id(&self) -> ImageId {
        self.row.id
    }
}

/// The data that a batch of changes needs to attach images, and what it has attached so far.
pub(crate) struct ImageClaims {
    now: Timestamp,
    expected: HashMap<String, image_deletion::Model>,
    slots: HashMap<UploadId, image_upload::Model>,
    usage: HashMap<UserId, Usage>,
}

impl ImageClaims {
    /// Reads the data. Without images it runs no statement.
    pub(crate) async fn read(
        tx: &impl ConnectionTrait,
        now: Timestamp,
        images: impl IntoIterator<Item = &ImageAttachment>,
    ) -> Result<Self, DbErr> {
        let images: Vec<&ImageAttachment> = images.into_iter().collect();
        let mut claims = Self { now, expected: HashMap::new(), slots: HashMap::new(), usage: HashMap::new() };
        if images.is_empty() {
            return Ok(claims);
        }
        let keys = images.iter().map(|image| object(image.id()).to_string());
        let expected = image_deletion::Entity::find().filter(image_deletion::Column::Key.is_in(keys)).all(tx).await?;
        claims.expected = expected.into_iter().map(|row| (row.key.clone(), row)).collect();
        let slots = images.iter().filter_map(|image| image.upload.map(|(id, _)| id));
        let slots = image_upload::Entity::find().filter(image_upload::Column::Id.is_in(slots)).all(tx).await?;
        claims.slots = slots.into_iter().map(|row| (row.id, row)).collect();
        claims.usage = Usage::read(tx, images.iter().map(|image| image.row.owner_id)).await?;
        Ok(claims)
    }

    /// Attaches an image, if it may be attached.
    pub(crate) fn take(&mut self, image: &ImageAttachment) -> Result<()> {
        let slot = match image.upload {
            Some((id, field)) => {
                let slot = self.slots.get_mut(&id).ok_or(Error::NotFound)?;
                if slot.used_at.is_some() {
                    return Err(used(field));
                }
                Some(slot)
            }
            None => None,
        };
        // An object that is due may already be deleted.
        let is_there = |row: &image_deletion::Model| row.tries == 0 && row.due_at > self.now;
        if !self.expected.get(&object(image.id()).to_string()).is_some_and(is_there) {
            return Err(Error::unavailable());
        }
        let bytes = u64::try_from(image.row.stored_bytes).unwrap_or(u64::MAX);
        self.usage.entry(image.row.owner_id).or_default().add(bytes)?;
        if let Some(slot) = slot {
            slot.used_at = Some(self.now);
        }
        Ok(())
    }
}

/// An upload can be used for one image only.
pub(super) fn used(field: &'static str) -> Error {
    Error::input(field, "this upload was already used, or was not an image: request a new one with createImageUpload")
}

/// Writes attached images and takes their objects off the list of deletions.
pub(crate) async fn attach(tx: &Tx, images: Vec<ImageAttachment>) -> Result<(), DbErr> {
    if images.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = images.iter().map(|image| object(image.id()).to_string()).collect();
    let slots: Vec<UploadId> = images.iter().filter_map(|image| image.upload.map(|(id, _)| id)).collect();
    db::insert(tx, images.into_iter().map(|image| image.row).collect()).await?;
    image_deletion::Entity::delete_many().filter(image_deletion::Column::Key.is_in(keys)).exec(tx).await?;
    if !slots.is_empty() {
        use_up(tx, &slots).await?;
    }
    Ok(())
}

/// Deletes the rows of images that no message and nobody points to any more, and makes their objects due for deletion. Those
/// that were reported are kept for the moderators.
pub(crate) async fn detach(tx: &Tx, images: &[ImageId]) -> Result<(), DbErr> {
    for images in images.chunks(1_000) {
        let reported = report::Entity::find()
            .select_only()
            .column(report::Column::ImageId)
            .filter(report::Column::ImageId.is_in(images.iter().copied()))
            .into_tuple::<ImageId>();
        let reported: HashSet<ImageId> = reported.all(tx).await?.into_iter().collect();
        let images: Vec<ImageId> = images.iter().copied().filter(|image| !reported.contains(image)).collect();
        list(tx, images.iter().map(|id| (object(*id), tx.now))).await?;
        image::Entity::delete_many().filter(image::Column::Id.is_in(images.iter().copied())).exec(tx).await?;
    }
    Ok(())
}

/// Detaches those of these images that only a report pointed to, which is gone.
pub(crate) async fn release(tx: &Tx, images: &[ImageId]) -> Result<(), DbErr> {
    let used = in_use(tx, images).await?;
    let free: Vec<ImageId> = images.iter().copied().filter(|image| !used.contains(image)).collect();
    detach(tx, &free).await
}

/// Those of these images that a message, a person or a group points to. A deleted message points to none.
pub(crate) async fn in_use(on: &impl ConnectionTrait, images: &[ImageId]) -> Result<HashSet<ImageId>, DbErr> {
    if images.is_empty() {
        return Ok(HashSet::new());
    }
    let with_it = |column: message::Column| message::Entity::find().select_only().column(column);
    let of_messages = with_it(message::Column::ImageId).filter(message::Column::ImageId.is_in(images.iter().copied()));
    let of_people = user::Entity::find()
        .select_only()
        .column(user::Column::ImageId)
        .filter(user::Column::ImageId.is_in(images.iter().copied()));
    let of_groups = conversation::Entity::find()
        .select_only()
        .column(conversation::Column::PictureId)
        .filter(conversation::Column::PictureId.is_in(images.iter().copied()));
    let mut used: HashSet<ImageId> = of_messages.into_tuple().all(on).await?.into_iter().collect();
    used.extend(of_people.into_tuple::<ImageId>().all(on).await?);
    used.extend(of_groups.into_tuple::<ImageId>().all(on).await?);
    Ok(used)
}

/// Detaches the images of an erased person: their picture, and those of their messages. Up to ten thousand, which takes
/// a fraction of a second. Pictures of groups go when their members are notified.
pub(crate) async fn erase(tx: &Tx, person: UserId) -> Result<(), DbErr> {
    let of_groups = conversation::Entity::find()
        .select_only()
        .column(conversation::Column::PictureId)
        .filter(conversation::Column::PictureId.is_not_null());
    let of_groups = sea_orm::QueryTrait::into_query(of_groups);
    let own = || {
        let own = image::Entity::find().select_only().column(image::Column::Id);
        own.filter(image::Column::OwnerId.eq(person)).filter(image::Column::Id.not_in_subquery(of_groups.clone()))
    };
    let images = own().into_tuple::<ImageId>().all(tx).await?;
    if images.is_empty() {
        return Ok(());
    }
    message::Entity::update_many()
        .col_expr(message::Column::ImageId, Expr::value(None::<ImageId>))
        .filter(message::Column::ImageId.in_subquery(sea_orm::QueryTrait::into_query(own())))
        .exec(tx)
        .await?;
    user::Entity::update_many()
        .col_expr(user::Column::ImageId, Expr::value(None::<ImageId>))
        .filter(user::Column::Id.eq(person))
        .exec(tx)
        .await?;
    detach(tx, &images).await
}
