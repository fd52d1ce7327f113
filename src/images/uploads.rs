//! Upload slots: clients put the bytes of an image there before they send the message.

use std::collections::HashSet;
use std::fs::File;
use std::sync::{MutexGuard, PoisonError};

use sea_orm::EntityTrait;

use super::bookkeeping::{Note, inbox};
use super::prepare::too_many_bytes;
use super::quota::Usage;
use crate::accounts::Viewer;
use crate::audit::AuditAction;
use crate::clock::Timestamp;
use crate::db;
use crate::entity::image_upload;
use crate::error::{Error, Result};
use crate::id::UploadId;
use crate::images::{Address, Images};
use crate::limits;
use crate::storage::{PresignedPut, ScratchFile};

/// The media types that a client may announce. The last four hide an image of another type often enough: browsers go by
/// the name of a file, and some phones name each picture .HEIC. Decoding shows what it is.
const TYPES: [&str; 8] =
    ["image/jpeg", "image/png", "image/webp", "image/gif", "image/jpg", "image/heic", "image/heif", UNKNOWN_TYPE];
/// The type of a file of which a client knows none.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Where to PUT the bytes.
#[derive(Clone, Debug)]
pub struct UploadTarget {
    /// The id by which the message names the upload.
    pub id: UploadId,
    /// The URL.
    pub url: String,
    /// Headers to send along.
    pub headers: Vec<(String, String)>,
    /// When the URL expires.
    pub expires_at: Timestamp,
}

/// A slot that receives bytes, from one request at a time.
pub struct UploadSlot {
    images: Images,
    row: image_upload::Model,
}

impl Images {
    /// Creates a slot for an image of this type and size.
    pub async fn upload_target(&self, viewer: &Viewer, mime_type: &str, byte_size: i32) -> Result<UploadTarget> {
        let (app, owner) = (&self.0.app, viewer.user());
        app.rates.upload.take(&owner)?;
        let mime = match mime_type.trim() {
            "" => Some(UNKNOWN_TYPE),
            announced => TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(announced)),
        };
        let mime = mime.ok_or(Error::UnsupportedImage("images are image/jpeg, image/png, image/webp or image/gif"))?;
        let size = match u64::try_from(byte_size) {
            Ok(0) | Err(_) => return Err(Error::input("byteSize", "an image has at least one byte")),
            Ok(size) if size > limits::IMAGE_BYTES as u64 => return Err(too_many_bytes()),
            Ok(size) => size,
        };
        let now = app.clock.now();
        let used = Usage::read(&app.db.reader, [owner]).await?.remove(&owner).unwrap_or_default();
        used.with_slots(&app.db.reader, owner, now).await?.add(size)?;
        self.has_room().await?;

        let (id, expires_at) = (UploadId::new(), now + limits::UPLOAD_SLOT);
        let mime_type = mime.to_owned();
        let slot = image_upload::Model {
            id,
            owner_id: owner,
            mime_type,
            byte_size: i64::from(byte_size),
            created_at: now,
            expires_at,
            used_at: None,
        };
        app.feed.append_recorded(Note::Slot(slot), viewer.record(AuditAction::UploadCreated, id)).await?;
        let elsewhere = self.0.store.presign_put(inbox(id), size, mime, limits::UPLOAD_SLOT).await?;
        let PresignedPut { url, headers } = elsewhere.unwrap_or_else(|| PresignedPut {
            url: self.0.signer.sign(Address::Upload(id), expires_at),
            headers: vec![("content-type".to_owned(), mime.to_owned())],
        });
        Ok(UploadTarget { id, url, headers, expires_at })
    }

    /// Opens the slot behind a signed address, if it still accepts bytes. Only one of two simultaneous requests gets
    /// it; the other is `Unavailable`.
    pub async fn open_slot(&self, id: UploadId) -> Result<UploadSlot> {
        let row = image_upload::Entity::find_by_id(id).one(&self.0.app.db.reader).await?.ok_or(Error::NotFound)?;
        if !self.filling().insert(id) {
            return Err(Error::unavailable());
        }
        let slot = UploadSlot { images: self.clone(), row };
        let is_full = slot.row.used_at.is_some() || self.0.store.size(inbox(id)).await?.is_some();
        if is_full { Err(Error::Forbidden) } else { Ok(slot) }
    }

    fn filling(&self) -> MutexGuard<'_, HashSet<UploadId>> {
        self.0.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UploadSlot {
    /// The exact number of bytes that it accepts.
    pub fn byte_size(&self) -> u64 {
        db::count(self.row.byte_size)
    }

    /// Its media type.
    pub fn mime_type(&self) -> &str {
        &self.row.mime_type
    }

    /// Creates a file for the incoming bytes.
    pub fn file(&self) -> Result<(ScratchFile, File)> {
        self.images.scratch_file()
    }

    /// Moves the complete file into the slot. `Forbidden` if the slot is full.
    pub async fn fill(self, file: &ScratchFile) -> Result<()> {
        match self.images.0.store.take_in(inbox(self.row.id), file.path()).await? {
            true => Ok(()),
            false => Err(Error::Forbidden),
        }
    }
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        self.images.filling().remove(&self.row.id);
    }
}
