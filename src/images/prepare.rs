//! Turns an upload into a stored image that a change can point to.

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
use crate::accounts::Viewer;
use crate::clock::instant;
use crate::entity::{image, image_upload};
use crate::error::{Error, Result};
use crate::id::{ImageId, UploadId, UserId};
use crate::images::Images;
use crate::limits;
use crate::metrics;
use crate::pool::Undone;
use crate::storage::ScratchFile;
use crate::turns::Turn;

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// A file sent with the request.
    File(Arc<IncomingFile>),
    /// An upload slot, and the input field that named it.
    Upload(UploadId, &'static str),
}

/// A file sent with a request. It has paid for decoding one image.
#[derive(Debug)]
pub struct IncomingFile {
    file: ScratchFile,
    is_decoded: AtomicBool,
}

/// A stored image that nothing points to yet. If nothing does when this is dropped, the image is deleted: at once, or a
/// little later if it came by an upload slot.
pub struct PreparedImage {
    images: Images,
    attachment: ImageAttachment,
    /// Whether something points to it, or it is kept for a retry.
    is_needed: bool,
}

impl PreparedImage {
    /// Call this when a change points to the image.
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
            // Queued behind the change, which may still be on its way: an attached image stays.
            self.images.0.app.feed.append_or_drop(Note::NotNeeded { key: object(self.id()) });
            self.images.delete_soon();
        }
    }
}

/// A source that has passed all checks that need no decoding.
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

/// The bytes of a source, or the file with them.
enum Content {
    File(Arc<IncomingFile>),
    Bytes(Bytes),
}

impl Images {
    /// Creates a file for an upload. It counts against the sender's rate before a byte is read, so that decompression
    /// bombs and aborted uploads count too.
    pub fn incoming(&self, sender: &Viewer) -> Result<(IncomingFile, File)> {
        self.0.app.rates.upload.take(&sender.user())?;
        let (file, writer) = self.scratch_file()?;
        Ok((IncomingFile { file, is_decoded: AtomicBool::new(false) }, writer))
    }

    pub(super) fn scratch_file(&self) -> Result<(ScratchFile, File)> {
        self.0.scratch.file().map_err(|error| {
            tracing::error!(%error, "no file could be created for an upload");
            Error::unavailable()
        })
    }

    /// Decodes, re-encodes and stores an image. The caller has made all other checks of the change first: this takes up
    /// to seconds and counts against a rate.
    pub async fn prepare(&self, viewer: &Viewer, source: &ImageSource) -> Result<PreparedImage> {
        let (app, owner) = (&self.0.app, viewer.user());
        let checked = self.check(owner, source).await?;
        if let Some(prepared) = self.prepared_before(&checked)? {
            return Ok(prepared);
        }
        self.0.store.ensure_reachable()?;
        let usage = Usage::read(&app.db.reader, [owner]).await?;
        usage.get(&owner).copied().unwrap_or_default().add(0)?;
        self.has_room().await?;

        let turn = self.0.turns.enter(&owner).await?;
        // While this request waited, another one of the same person may have prepared it.
        if let Some(prepared) = self.prepared_before(&checked)? {
            return Ok(prepared);
        }
        // Or the store has become unavailable.
        self.0.store.ensure_reachable()?;
        self.count_decoding(owner, &checked)?;
        let upload = checked.upload();
        let content = match checked {
            CheckedSource::File(file) => Content::File(file),
            CheckedSource::Upload { slot, size, field } => Content::Bytes(self.uploaded(slot, size, field).await?),
        };
        let began = instant();
        let encoded = self.encode(content, turn).await;
        if let (Err(Error::UnsupportedImage(_) | Error::ImageTooLarge(_)), Some((slot, _))) = (&encoded, upload) {
            // The next try is rejected without decoding it again.
            app.feed.append_or_drop(Note::Spoilt { upload: slot });
            self.delete_soon();
        }
        let stored = async {
            let (encoded, _turn) = encoded?;
            self.store(owner, encoded, upload).await
        };
        let stored = stored.await;
        match &stored {
            Ok(prepared) => {
                metrics::image_stored(began.elapsed());
                self.count_stored(prepared.row.stored_bytes).await;
            }
            Err(Error::Unavailable { .. } | Error::Internal(_)) => metrics::image_refused("unavailable"),
            Err(_) => metrics::image_refused("image"),
        }
        stored
    }

    /// The result of an earlier try with the same upload.
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

    /// Counts an image against the rate. The first decoding of a file or upload was counted when it was created.
    fn count_decoding(&self, owner: UserId, checked: &CheckedSource) -> Result<()> {
        let is_first = match checked {
            CheckedSource::File(file) => !file.is_decoded.swap(true, Ordering::Relaxed),
            CheckedSource::Upload { slot, .. } => self.0.decoded.begin(*slot),
        };
        if is_first { Ok(()) } else { self.0.app.rates.upload.take(&owner) }
    }

    /// The turn moves into the work, which may go on for a while after the caller has stopped waiting.
    async fn encode(&self, content: Content, turn: Turn<UserId>) -> Result<(Encoded, Turn<UserId>)> {
        let waits = Arc::new(());
        let is_waited_for = Arc::downgrade(&waits);
        let go_on = move || if is_waited_for.strong_count() > 0 { Ok(()) } else { Err(Error::unavailable()) };
        let work = move |(): &mut ()| Ok((encode(&content.read()?, &go_on)?, turn));
        match self.0.threads.run(work).await {
            Ok(encoded) => encoded,
            Err(Undone::Full) => Err(Error::unavailable()),
            // Decoders have panicked on malformed input before. Such input is not an image.
            Err(Undone::Panicked) => {
                tracing::warn!("decoding an image panicked");
                Err(Error::UnsupportedImage("this image cannot be read"))
            }
        }
    }

    /// Runs the checks that need no decoding: an upload must be the owner's, unused, and of the announced size.
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
            return Err(Error::input(
                field,
                "the size of the upload differs from the byteSize given to createImageUpload",
            ));
        }
        Ok(CheckedSource::Upload { slot: id, size, field })
    }

    /// The bytes that a client has put into a slot.
    async fn uploaded(&self, slot: UploadId, size: u64, field: &'static str) -> Result<Bytes> {
        let stream = self.0.store.read(inbox(slot), 0..size).await?.ok_or_else(|| nothing_uploaded(field))?;
        // A read that fails midway means that the store is unavailable.
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
    Error::input(field, "nothing was uploaded: PUT the bytes to the URL first")
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
