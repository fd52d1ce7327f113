//! Images: receiving and re-encoding them, signing their addresses, serving them, and deleting objects that nothing
//! points to.
//!
//! An object's key is put on the list of deletions before the object is written, and taken off by the transaction that
//! makes something point to it. Whatever fails in between, even if the process ends, a left-over object is on the list.

mod address;
mod animation;
mod attach;
mod bookkeeping;
mod collect;
mod decode;
mod decoded;
mod encode;
mod jpeg;
mod place;
mod prepare;
mod quota;
mod raster;
mod serve;
mod shared_place;
mod shell;
mod srgb;
mod total;
mod transfer;
mod uploads;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::Notify;

pub(crate) use address::{Address, SignedAddress};
pub(crate) use attach::{ImageAttachment, ImageClaims, attach, detach, erase, in_use, release};
pub(crate) use prepare::{ImageSource, IncomingFile, PreparedImage};
pub(crate) use serve::ServedImage;
pub(crate) use shared_place::move_to;
pub(crate) use transfer::{ObjectState, copy, delete_uncopied, verify};
pub(crate) use uploads::{UploadSlot, UploadTarget};

use crate::app::App;
use crate::entity::image;
use crate::error::Result;
use crate::id::{ImageId, UploadId, UserId};
use crate::limits;
use crate::pool::Pool;
use crate::storage::{Scratch, Store};
use crate::turns::{FairTurns, TurnBounds};
use address::Signer;
use decoded::DecodedUploads;
use total::StoredTotal;

/// The images service. Clones share it.
#[derive(Clone)]
pub struct Images(Arc<ImagesInner>);

struct ImagesInner {
    app: App,
    store: Store,
    scratch: Scratch,
    /// The threads that decode and encode, so that messages are not slowed down by images.
    threads: Pool,
    /// Limits the images in memory, per person too: an encoded image stays in memory until it is stored.
    turns: FairTurns<UserId>,
    decoded: DecodedUploads,
    total: StoredTotal,
    signer: Signer,
    /// The upload slots that are receiving bytes.
    filling: Mutex<HashSet<UploadId>>,
    /// Notified when something may be due for deletion.
    to_delete: Notify,
}

const TURNS: TurnBounds = TurnBounds {
    at_once: limits::IMAGES_IN_MEMORY,
    at_once_per_person: limits::IMAGES_PER_PERSON,
    waiting: limits::IMAGE_QUEUE,
    waiting_per_person: limits::IMAGE_QUEUE_PER_PERSON,
};

impl Images {
    /// Starts the threads. Addresses are signed with the current secret; those signed with a previous one stay valid
    /// until they expire.
    pub fn start(app: App, store: Store, scratch: Scratch, secret: &secrecy::SecretString) -> anyhow::Result<Self> {
        let bounds = if app.config.rate_limits { TURNS } else { TURNS.without_shares() };
        let signer = Signer::new(secret, &app.config.jwt_previous_secrets, &app.config.public_url);
        Ok(Self(Arc::new(ImagesInner {
            app,
            store,
            scratch,
            threads: Pool::start("images", limits::IMAGES_AT_ONCE, limits::IMAGE_QUEUE)?,
            turns: FairTurns::new(bounds),
            decoded: DecodedUploads::default(),
            total: StoredTotal::default(),
            signer,
            filling: Mutex::default(),
            to_delete: Notify::new(),
        })))
    }

    /// Fails if the store is a bucket that does not exist.
    pub async fn ensure_store_exists(&self) -> anyhow::Result<()> {
        self.0.store.ensure_exists().await
    }

    /// Whether the last access to the store succeeded.
    pub fn is_store_available(&self) -> bool {
        self.0.store.is_available()
    }

    /// Asks the background task to delete what is due, without waiting for it.
    pub fn delete_soon(&self) {
        self.0.to_delete.notify_one();
    }
}

/// Images by id, in no particular order. The caller has checked that the viewer may see them.
pub(crate) async fn by_ids(app: &App, ids: &[ImageId]) -> Result<Vec<image::Model>> {
    if let Some(images) = app.db.hot.images_by_ids(ids) {
        return Ok(images);
    }
    Ok(image::Entity::find().filter(image::Column::Id.is_in(ids.iter().copied())).all(&app.db.reader).await?)
}

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    pub(crate) use super::shell::{check_webp, strip_jpeg, strip_png};

    /// Width and height of a decoded image.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(u32, u32)> {
        let decoded = super::decode::decode(bytes, &|| Ok(())).ok()?;
        Some((decoded.pixels.width(), decoded.pixels.height()))
    }
}
