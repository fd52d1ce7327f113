//! From what a client has sent to an image that a change can point to.

use std::ops::Deref;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use sea_orm::EntityTrait;
use tokio::sync::OwnedSemaphorePermit;

use super::attach::{Attachment, used};
use super::bookkeeping::{Note, inbox, object};
use super::encode::{Encoded, encode};
use super::quota::Usage;
use crate::entity::{image, image_upload};
use crate::error::{Error, Result};
use crate::id::{ImageId, UploadId, UserId};
use crate::images::Images;
use crate::limits;
use crate::pool::Undone;
use crate::storage::ScratchFile;

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file that came with the request.
    File(Arc<ScratchFile>),
    /// A slot, and where in the input it was named.
    Upload(UploadId, &'static str),
}

/// An image that is stored, until something points to it. Where nothing does when this is dropped, it is deleted.
pub struct Prepared {
    images: Images,
    attachment: Attachment,
    is_attached: bool,
}

impl Prepared {
    /// A change has pointed to it.
    pub fn attached(mut self) {
        self.is_attached = true;
    }
}

impl Deref for Prepared {
    type Target = Attachment;

    fn deref(&self) -> &Attachment {
        &self.attachment
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.is_attached {
            // Behind the change, which may be on its way: what it has pointed to stays.
            self.images.0.app.feed.hand_over(Note::NotNeeded { key: object(self.id()) });
            self.images.delete_soon();
        }
    }
}

/// The bytes of a source, or where they are.
enum Content {
    File(Arc<ScratchFile>),
    Bytes(Bytes),
}

impl Images {
    /// A file for what somebody is about to send. It counts as sent before a byte of it is read: a bomb costs its sender
    /// too, and so does what breaks off.
    pub fn incoming(&self, sender: UserId) -> Result<(ScratchFile, std::fs::File)> {
        self.0.app.rates.upload.take(&sender)?;
        self.scratch_file()
    }

    pub(super) fn scratch_file(&self) -> Result<(ScratchFile, std::fs::File)> {
        self.0.scratch.file().map_err(|error| {
            tracing::error!(%error, "an upload has no file to go to");
            Error::unavailable()
        })
    }

    /// Makes an image of what was sent, and stores it.
    pub async fn prepare(&self, owner: UserId, source: &Source) -> Result<Prepared> {
        let _place = self.0.queue.try_acquire().map_err(|_| Error::unavailable())?;
        let app = &self.0.app;
        let upload = match source {
            Source::File(_) => None,
            Source::Upload(id, field) => Some((self.slot(owner, *id, field).await?, *field)),
        };
        let usage = Usage::read(&app.db.reader, [owner]).await?;
        usage.get(&owner).copied().unwrap_or_default().add(0)?;

        let room = self.room().await?;
        let content = match (source, &upload) {
            (Source::File(file), _) => Content::File(Arc::clone(file)),
            (Source::Upload(_, field), Some((slot, _))) => Content::Bytes(self.uploaded(slot, field).await?),
            (Source::Upload(..), None) => return Err(Error::NotFound),
        };
        let encoded = self.encode(content, room).await;
        if let (Err(Error::UnsupportedImage(_) | Error::ImageTooLarge(_)), Some((slot, _))) = (&encoded, &upload) {
            // Once is enough to find out.
            app.feed.hand_over(Note::Spoilt { upload: slot.id });
            self.delete_soon();
        }
        let (encoded, _room) = encoded?;
        self.store(owner, encoded, upload.map(|(slot, field)| (slot.id, field))).await
    }

    /// The place in memory goes with the work, which may go on for a while when nobody waits for it any more.
    async fn encode(&self, content: Content, room: OwnedSemaphorePermit) -> Result<(Encoded, OwnedSemaphorePermit)> {
        let waits = Arc::new(());
        let is_waited_for = Arc::downgrade(&waits);
        let go_on = move || if is_waited_for.strong_count() > 0 { Ok(()) } else { Err(Error::unavailable()) };
        let work = move |(): &mut ()| Ok((encode(&content.read()?, &go_on)?, room));
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

    /// A place in memory. Those who came first come first.
    async fn room(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.0.in_memory).acquire_owned().await.map_err(|_| Error::unavailable())
    }

    async fn slot(&self, owner: UserId, id: UploadId, field: &'static str) -> Result<image_upload::Model> {
        let slot = image_upload::Entity::find_by_id(id).one(&self.0.app.db.reader).await?;
        let slot = slot.filter(|slot| slot.owner_id == owner).ok_or(Error::NotFound)?;
        if slot.used_at.is_some() {
            return Err(used(field));
        }
        Ok(slot)
    }

    /// What a client has put into a slot: as much as it said it would.
    async fn uploaded(&self, slot: &image_upload::Model, field: &'static str) -> Result<Bytes> {
        let key = inbox(slot.id);
        let nothing = || Error::input(field, "nothing was uploaded there: PUT the bytes to the address first");
        let size = self.0.store.size(key).await?.ok_or_else(nothing)?;
        if i64::try_from(size).ok() != Some(slot.byte_size) {
            return Err(Error::input(field, "not as many bytes were uploaded as createImageUpload was told"));
        }
        let stream = self.0.store.read(key, 0..size).await?.ok_or_else(nothing)?;
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
    ) -> Result<Prepared> {
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
        app.feed.append(Note::Expected { key, until: now + limits::UPLOAD_UNUSED }).await?;
        let prepared = Prepared { images: self.clone(), attachment: Attachment { row, upload }, is_attached: false };
        self.0.store.put(key, encoded.object.into()).await?;
        Ok(prepared)
    }
}

impl Content {
    fn read(self) -> Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(file) => {
                let failed = |error| Error::Internal(anyhow::Error::new(error).context("an upload could not be read"));
                let length = std::fs::metadata(file.path()).map_err(failed)?.len();
                if length > limits::IMAGE_BYTES as u64 {
                    return Err(too_many_bytes());
                }
                Ok(std::fs::read(file.path()).map_err(failed)?.into())
            }
        }
    }
}

pub(super) fn too_many_bytes() -> Error {
    Error::ImageTooLarge(format!("an image has at most {} bytes", limits::IMAGE_BYTES).into())
}
