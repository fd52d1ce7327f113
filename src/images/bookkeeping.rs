//! The records about objects, apart from the images themselves: that one will be written, is due for deletion, or was
//! deleted.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::{image_deletion, image_upload};
use crate::error::Result;
use crate::feed::{Answers, Quiet, Rank};
use crate::id::{ImageId, UploadId};
use crate::limits;
use crate::storage::{Key, Shelf};

/// A record to write. None of them publishes an event.
#[derive(Clone)]
pub(super) enum Note {
    /// An object will be written. It is deleted unless something refers to it before `until`.
    Expected { key: Key, until: Timestamp },
    /// Nothing will refer to an object that was expected.
    NotNeeded { key: Key },
    /// A new upload slot.
    Slot(image_upload::Model),
    /// What was uploaded is not an image.
    Spoilt { upload: UploadId },
    /// Objects that were deleted, those that were deleted and may be uploaded again until then, and those that could
    /// not be deleted.
    Deleted { gone: Vec<String>, again: Vec<(Key, Timestamp)>, tried: Vec<image_deletion::Model> },
    /// Deletes the upload slots that are old enough.
    SlotsExpired,
}

impl Quiet for Note {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, notes: Vec<Self>) -> Answers<Self> {
        let answers = vec![(); notes.len()];
        for note in notes {
            note.save(tx).await?;
        }
        Ok(answers)
    }
}

impl Note {
    async fn save(self, tx: &Tx) -> Result<(), DbErr> {
        match self {
            Self::Expected { key, until } => list(tx, [(key, until)]).await,
            Self::NotNeeded { key } => due(tx, &[key]).await,
            Self::Slot(slot) => {
                let key = inbox(slot.id);
                let until = slot.expires_at + limits::UPLOAD_UNUSED;
                db::insert(tx, vec![slot]).await?;
                list(tx, [(key, until)]).await
            }
            Self::Spoilt { upload } => use_up(tx, &[upload]).await,
            Self::Deleted { gone, again, tried } => {
                let at = image_deletion::Column::Key;
                image_deletion::Entity::delete_many().filter(at.is_in(gone)).exec(tx).await?;
                list(tx, again).await?;
                for object in tried {
                    image_deletion::Entity::update_many()
                        .col_expr(image_deletion::Column::DueAt, Expr::value(tx.now + pause(object.tries)))
                        .col_expr(image_deletion::Column::Tries, Expr::value(object.tries.saturating_add(1)))
                        .filter(at.eq(object.key))
                        .exec(tx)
                        .await?;
                }
                Ok(())
            }
            Self::SlotsExpired => {
                let begun = image_upload::Column::CreatedAt;
                let past = tx.now - limits::UPLOAD_KNOWN;
                image_upload::Entity::delete_many().filter(begun.lt(past)).exec(tx).await?;
                Ok(())
            }
        }
    }
}

/// The delay before the next try: doubled with each, up to an hour.
fn pause(tries: i32) -> Duration {
    let times = u32::try_from(tries).unwrap_or(0).min(10);
    (limits::STORE_LOOK * 2_u32.pow(times)).min(limits::DELETION_PAUSE)
}

/// The key of an image's object.
pub(super) fn object(image: ImageId) -> Key {
    Key::new(Shelf::Images, uuid::Uuid::from_bytes(*image.as_bytes()))
}

/// The key of a slot's object.
pub(super) fn inbox(upload: UploadId) -> Key {
    Key::new(Shelf::Inbox, uuid::Uuid::from_bytes(*upload.as_bytes()))
}

/// Puts objects on the list of deletions. One that is already listed gets the new time.
pub(super) async fn list(tx: &Tx, objects: impl IntoIterator<Item = (Key, Timestamp)>) -> Result<(), DbErr> {
    let row = |(key, due_at): (Key, Timestamp)| image_deletion::Model { key: key.to_string(), due_at, tries: 0 };
    db::upsert(tx, objects.into_iter().map(row).collect(), [image_deletion::Column::DueAt]).await
}

/// Makes listed objects due now. Those not on the list stay: something points to them.
pub(super) async fn due(tx: &Tx, keys: &[Key]) -> Result<(), DbErr> {
    image_deletion::Entity::update_many()
        .col_expr(image_deletion::Column::DueAt, Expr::value(tx.now))
        .filter(image_deletion::Column::Key.is_in(keys.iter().map(Key::to_string)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks slots as used and makes their objects due.
pub(super) async fn use_up(tx: &Tx, uploads: &[UploadId]) -> Result<(), DbErr> {
    image_upload::Entity::update_many()
        .col_expr(image_upload::Column::UsedAt, Expr::value(tx.now))
        .filter(image_upload::Column::Id.is_in(uploads.iter().copied()))
        .exec(tx)
        .await?;
    let keys: Vec<Key> = uploads.iter().copied().map(inbox).collect();
    due(tx, &keys).await
}
