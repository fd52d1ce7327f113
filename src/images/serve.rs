//! Serves images: which bytes an address leads to.

use std::ops::Range;

use sea_orm::EntityTrait;

use super::bookkeeping::object;
use super::encode::Part;
use crate::entity::image;
use crate::error::{Error, Result};
use crate::id::ImageId;
use crate::images::Images;
use crate::storage::{Bytestream, Key};

/// An image or a thumbnail that is there.
#[derive(Clone, Debug)]
pub struct ServedImage {
    /// Its type.
    pub mime: &'static str,
    /// What a file of it is called.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// What tells it from all others, for ever: what an id names does not change.
    pub tag: String,
    key: Key,
    part: Part,
}

impl Images {
    /// What an image's address leads to, now; `None` where the image is gone.
    pub async fn served(&self, id: ImageId, width: u32) -> Result<Option<ServedImage>> {
        let Some(image) = image::Entity::find_by_id(id).one(&self.0.app.db.reader).await? else { return Ok(None) };
        let part = parts_of(&image).into_iter().find(|part| part.width == width);
        Ok(part.map(|part| {
            let (mime, extension) = part.mime.names();
            let file_name = format!("{id}-{width}.{extension}");
            ServedImage { mime, file_name, bytes: part.bytes, tag: format!("{id}-{width}"), key: object(id), part }
        }))
    }

    /// Some of its bytes. Those that an image has and the store has not are an error, and one for the log.
    pub async fn read(&self, served: &ServedImage, range: Range<u64>) -> Result<Bytestream> {
        let start = served.part.start;
        let found = self.0.store.read(served.key, start + range.start..start + range.end).await?;
        found.ok_or_else(|| Error::Internal(anyhow::anyhow!("the object {} is not in the store", served.key)))
    }
}

/// The image and its thumbnails. A row that can't be read has none.
pub(super) fn parts_of(image: &image::Model) -> Vec<Part> {
    serde_json::from_str(&image.parts).unwrap_or_default()
}
