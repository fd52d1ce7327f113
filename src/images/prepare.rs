//! From what a client has sent to an image that a change can point to.

use std::fs::File;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use sea_orm::EntityTrait;

use super::attach::{ImageAttachment, used};
use super::bookkeeping::{Note, inbox, object};
use super::decoded::DecodedUpload;
use super::encode::{Encoded, encode};
use super::quota::Usage;
use crate::entity::{image, image_upload};
use crate::error::{Error, Result};
use crate::id::{ImageId, UploadId, UserId};
use crate::images::Images;
use crate::limits;
use crate::pool::Undone;
use crate::storage::ScratchFile;
use crate::turns::Turn;

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// A file that came with the request.
    File(Arc<IncomingFile>),
    /// A slot, and where in the input it was named.
    Upload(UploadId, &'static str),
}

/// A file that came with a request, which has paid for one image.
#[derive(Debug)]
pub struct IncomingFile {
    file: ScratchFile,
    is_decoded: AtomicBool,
}

/// An image that is stored, until something points to it. Where nothing does when this is dropped, it is deleted, at once
/// or, when it came by an upload, a little later.
pub struct PreparedImage {
    images: Images,
    attachment: ImageAttachment,
    /// Whether something points to it, or it is kept for the next try.
    is_needed: bool,
}

impl PreparedImage {
    /// A change has pointed to it.
    pub fn attached(mut self) {
        self.is_needed = true;
        if let Some((upload, _)) = self.attachment.upload {
            self.images.0.decoded.attached(upload);
        }
    }
}

impl Deref for PreparedImage {
    type Target = ImageAttachment;

    fn deref(&self) -> &ImageAttachment {
        &self.attachment
    }
}

impl Drop for PreparedImage {
    fn drop(&mut self) {
        if !self.is_needed {
            // Behind the change, which may be on its way: what it has pointed to stays.
            self.images.0.app.feed.hand_over(Note::NotNeeded { key: object(self.id()) });
            self.images.delete_soon();
        }
    }
}

/// A source that was found to be good, as far as that can be told without decoding it.
enum CheckedSource {
    File(Arc<IncomingFile>),
    Upload { slot: UploadId, size: u64, field: &'static str },
}

impl CheckedSource {
    fn upload(&self) -> Option<(UploadId, &'static str)> {
        match self {
            Self::File(_) => None,
            Self::Upload { slot, field, .. } => Some((*slot, *field)),
        }
    }
}

/// The bytes of a source, or where they are.
enum Content {
    File(Arc<IncomingFile>),
    Bytes(Bytes),
}

impl Images {
    /// A file for what somebody is about to send. It counts as sent before a byte of it is read: a bomb costs its sender
    /// too, and so does what breaks off.
    pub fn incoming(&self, sender: UserId) -> Result<(IncomingFile, File)> {
        self.0.app.rates.upload.take(&sender)?;
        let (file, writer) = self.scratch_file()?;
        Ok((IncomingFile { file, is_decoded: AtomicBool::new(false) }, writer))
    }

    pub(super) fn scratch_file(&self) -> Result<(ScratchFile, File)> {
        self.0.scratch.file().map_err(|error| {
            tracing::error!(%error, "an upload has no file to go to");
            Error::unavailable()
        })
    }

    /// Makes an image of what was sent, and stores it. Whoever asks has made sure of all else that the change needs: this
    /// takes up to seconds, and counts.
    pub async fn prepare(&self, owner: UserId, source: &ImageSource) -> Result<PreparedImage> {
        let app = &self.0.app;
        let checked = self.check(owner, source).await?;
        if let Some(prepared) = self.prepared_before(&checked)? {
            return Ok(prepared);
        }
        let usage = Usage::read(&app.db.reader, [owner]).await?;
        usage.get(&owner).copied().unwrap_or_default().add(0)?;

        let turn = self.0.turns.enter(&owner).await?;
        // While it waited, another request of this person may have made it.
        if let Some(prepared) = self.prepared_before(&checked)? {
            return Ok(prepared);
        }
        self.count_decoding(owner, &checked)?;
        let upload = checked.upload();
        let content = match checked {
            CheckedSource::File(file) => Content::File(file),
            CheckedSource::Upload { slot, size, field } => Content::Bytes(self.uploaded(slot, size, field).await?),
        };
        let encoded = self.encode(content, turn).await;
        if let (Err(Error::UnsupportedImage(_) | Error::ImageTooLarge(_)), Some((slot, _))) = (&encoded, upload) {
            // Once is enough to find out.
            app.feed.hand_over(Note::Spoilt { upload: slot });
            self.delete_soon();
        }
        let (encoded, _turn) = encoded?;
        self.store(owner, encoded, upload).await
    }

    /// What was made of an upload when it was named before.
    fn prepared_before(&self, checked: &CheckedSource) -> Result<Option<PreparedImage>> {
        let Some(upload @ (id, field)) = checked.upload() else { return Ok(None) };
        match self.0.decoded.find(id, self.0.app.clock.now()) {
            DecodedUpload::Begun => Ok(None),
            DecodedUpload::Attached => Err(used(field)),
            DecodedUpload::Kept { row, .. } => {
                let attachment = ImageAttachment { row, upload: Some(upload) };
                Ok(Some(PreparedImage { images: self.clone(), attachment, is_needed: true }))
            }
        }
    }

    /// Counts an image. The first of a file or an upload was counted when its bytes were asked for.
    fn count_decoding(&self, owner: UserId, checked: &CheckedSource) -> Result<()> {
        let is_first = match checked {
            CheckedSource::File(file) => !file.is_decoded.swap(true, Ordering::Relaxed),
            CheckedSource::Upload { slot, .. } => self.0.decoded.begin(*slot),
        };
        if is_first { Ok(()) } else { self.0.app.rates.upload.take(&owner) }
    }

    /// The turn goes with the work, which may go on for a while when nobody waits for it any more.
    async fn encode(&self, content: Content, turn: Turn<UserId>) -> Result<(Encoded, Turn<UserId>)> {
        let waits = Arc::new(());
        let is_waited_for = Arc::downgrade(&waits);
        let go_on = move || if is_waited_for.strong_count() > 0 { Ok(()) } else { Err(Error::unavailable()) };
        let work = move |(): &mut ()| Ok((encode(&content.read()?, &go_on)?, turn));
        match self.0.threads.run(work).await {
            Ok(encoded) => encoded,
            Err(Undone::Full) => Err(Error::unavailable()),
            // Decoders have had their panics. What makes one panic is no image.
            Err(Undone::Panicked) => {
                tracing::warn!("an image made its decoder panic");
                Err(Error::UnsupportedImage("this image cannot be read"))
            }
        }
    }

    /// Checks what can be checked of a source at once: an upload is the owner's, unused, and as large as was announced.
    async fn check(&self, owner: UserId, source: &ImageSource) -> Result<CheckedSource> {
        let (id, field) = match source {
            ImageSource::File(file) => return Ok(CheckedSource::File(Arc::clone(file))),
            ImageSource::Upload(id, field) => (*id, *field),
        };
        let slot = image_upload::Entity::find_by_id(id).one(&self.0.app.db.reader).await?;
        let slot = slot.filter(|slot| slot.owner_id == owner).ok_or(Error::NotFound)?;
        if slot.used_at.is_some() {
            return Err(used(field));
        }
        let size = self.0.store.size(inbox(id)).await?.ok_or_else(|| nothing_uploaded(field))?;
        if i64::try_from(size).ok() != Some(slot.byte_size) {
            return Err(Error::input(field, "not as many bytes were uploaded as createImageUpload was told"));
        }
        Ok(CheckedSource::Upload { slot: id, size, field })
    }

    /// What a client has put into a slot.
    async fn uploaded(&self, slot: UploadId, size: u64, field: &'static str) -> Result<Bytes> {
        let stream = self.0.store.read(inbox(slot), 0..size).await?.ok_or_else(|| nothing_uploaded(field))?;
        // A store that breaks off in the middle is away.
        let cut = |error| {
            tracing::warn!("an upload could not be read: {error}");
            Error::unavailable()
        };
        let mut bytes = BytesMut::new();
        let mut stream = stream.map_err(cut);
        while let Some(piece) = stream.try_next().await? {
            if bytes.len() + piece.len() > limits::IMAGE_BYTES {
                return Err(too_many_bytes());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    async fn store(
        &self,
        owner: UserId,
        encoded: Encoded,
        upload: Option<(UploadId, &'static str)>,
    ) -> Result<PreparedImage> {
        let app = &self.0.app;
        let (id, now) = (ImageId::new(), app.clock.now());
        let parts = serde_json::to_string(&encoded.parts).map_err(|error| Error::Internal(error.into()))?;
        let row = image::Model {
            id,
            owner_id: owner,
            format: encoded.format,
            width: i32::try_from(encoded.width).unwrap_or(i32::MAX),
            height: i32::try_from(encoded.height).unwrap_or(i32::MAX),
            byte_size: encoded.parts.first().and_then(|part| i64::try_from(part.bytes).ok()).unwrap_or(i64::MAX),
            stored_bytes: i64::try_from(encoded.object.len()).unwrap_or(i64::MAX),
            placeholder: Some(encoded.placeholder),
            parts,
            created_at: now,
        };
        let key = object(id);
        let until = now + if upload.is_some() { limits::UPLOAD_PREPARED } else { limits::UPLOAD_UNUSED };
        app.feed.append(Note::Expected { key, until }).await?;
        let attachment = ImageAttachment { row: row.clone(), upload };
        let mut prepared = PreparedImage { images: self.clone(), attachment, is_needed: false };
        self.0.store.put(key, encoded.object.into()).await?;
        if let Some((upload, _)) = upload {
            prepared.is_needed = self.0.decoded.keep(upload, row, until, app.clock.now());
        }
        Ok(prepared)
    }
}

fn nothing_uploaded(field: &'static str) -> Error {
    Error::input(field, "nothing was uploaded there: PUT the bytes to the address first")
}

impl Content {
    fn read(self) -> Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(incoming) => {
                let path = incoming.file.path();
                let failed = |error| Error::Internal(anyhow::Error::new(error).context("an upload could not be read"));
                let length = std::fs::metadata(path).map_err(failed)?.len();
                if length > limits::IMAGE_BYTES as u64 {
                    return Err(too_many_bytes());
                }
                Ok(std::fs::read(path).map_err(failed)?.into())
            }
        }
    }
}

pub(super) fn too_many_bytes() -> Error {
    Error::ImageTooLarge(format!("an image has at most {} bytes", limits::IMAGE_BYTES).into())
}
