//! Serving images: the bytes that an address points to.

use std::ops::Range;

use sea_orm::EntityTrait;

use super::bookkeeping::object;
use super::encode::Part;
use crate::entity::image;
use crate::error::Result;
use crate::id::ImageId;
use crate::images::Images;
use crate::storage::{Bytestream, Key};

/// An image or a thumbnail to serve.
#[derive(Clone, Debug)]
pub struct ServedImage {
    /// Its media type.
    pub mime: &'static str,
    /// A file name for it.
    pub file_name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its entity tag. An id never names other bytes, so it is valid forever.
    pub tag: String,
    key: Key,
    part: Part,
}

impl Images {
    /// The image or thumbnail of an address; `None` if it was deleted.
    pub async fn served(&self, id: ImageId, width: u32) -> Result<Option<ServedImage>> {
        let Some(image) = image::Entity::find_by_id(id).one(&self.0.app.db.reader).await? else { return Ok(None) };
        let part = parts_of(&image).into_iter().find(|part| part.width == width);
        Ok(part.map(|part| {
            let (mime, extension) = part.mime.names();
            let file_name = format!("{id}-{width}.{extension}");
            ServedImage { mime, file_name, bytes: part.bytes, tag: format!("{id}-{width}"), key: object(id), part }
        }))
    }

    /// A range of its bytes; `None` if the object is not in the store, though the row exists.
    pub async fn read(&self, served: &ServedImage, range: Range<u64>) -> Result<Option<Bytestream>> {
        let start = served.part.start;
        self.0.store.read(served.key, start + range.start..start + range.end).await
    }
}

/// The image and its thumbnails; none if the row can't be parsed.
pub(super) fn parts_of(image: &image::Model) -> Vec<Part> {
    serde_json::from_str(&image.parts).unwrap_or_default()
}
