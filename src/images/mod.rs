//! Images: what is taken and what is made of it, who may see one for how long, and that nothing is left in storage to
//! which nothing points.
//!
//! An object's name stands on the list of deletions before the object is made, and is taken off it by the transaction
//! that makes something point to the object. So whatever fails in between, and wherever the process ends, what is left
//! is on the list.

mod address;
mod animation;
mod attach;
mod bookkeeping;
mod collect;
mod decode;
mod decoded;
mod encode;
mod prepare;
mod quota;
mod serve;
mod shell;
mod uploads;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::Notify;

pub use address::{Address, SignedAddress};
pub use attach::{Attachment, Claims, attach, detach, erase};
pub use prepare::{IncomingFile, Prepared, Source};
pub use serve::Served;
pub use uploads::{Slot, UploadTarget};

use crate::app::App;
use crate::entity::image;
use crate::error::Result;
use crate::id::{ImageId, UploadId, UserId};
use crate::limits;
use crate::pool::Pool;
use crate::secrets::Secret;
use crate::storage::{Scratch, Store};
use crate::turns::{FairTurns, TurnBounds};
use address::Signer;
use decoded::DecodedUploads;

/// The images of this program. Clones share them.
#[derive(Clone)]
pub struct Images(Arc<Inner>);

struct Inner {
    app: App,
    store: Store,
    scratch: Scratch,
    /// Decode and encode, so that texts keep their pace while images are at work.
    threads: Pool,
    /// Whose images are in memory: what is encoded stays there until it is stored.
    turns: FairTurns<UserId>,
    decoded: DecodedUploads,
    signer: Signer,
    /// The slots that take bytes just now.
    filling: Mutex<HashSet<UploadId>>,
    /// Told when something is to be deleted.
    to_delete: Notify,
}

const TURNS: TurnBounds = TurnBounds {
    at_once: limits::IMAGES_IN_MEMORY,
    at_once_per_person: limits::IMAGES_PER_PERSON,
    waiting: limits::IMAGE_QUEUE,
    waiting_per_person: limits::IMAGE_QUEUE_PER_PERSON,
};

impl Images {
    /// Starts the threads for images. Addresses are signed with the current secret; those that were signed with a
    /// previous one are good to their end.
    pub fn start(app: App, store: Store, scratch: Scratch, secret: &Secret) -> anyhow::Result<Self> {
        let bounds = if app.config.rate_limits { TURNS } else { TURNS.without_shares() };
        let signer = Signer::new(secret, &app.config.jwt_previous_secrets, &app.config.public_url);
        Ok(Self(Arc::new(Inner {
            app,
            store,
            scratch,
            threads: Pool::start("images", limits::IMAGES_AT_ONCE, limits::IMAGE_QUEUE)?,
            turns: FairTurns::new(bounds),
            decoded: DecodedUploads::default(),
            signer,
            filling: Mutex::default(),
            to_delete: Notify::new(),
        })))
    }

    /// Whether images could be stored and read when it was last tried.
    pub fn are_there(&self) -> bool {
        self.0.store.is_there()
    }

    /// Something may be due: not waited for.
    pub fn delete_soon(&self) {
        self.0.to_delete.notify_one();
    }
}

/// Images by their ids, in no order. Whoever asks has seen to it that they may be seen.
pub async fn by_ids(app: &App, ids: &[ImageId]) -> Result<Vec<image::Model>> {
    Ok(image::Entity::find().filter(image::Column::Id.is_in(ids.iter().copied())).all(&app.db.reader).await?)
}

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    pub(crate) use super::shell::{check_jpeg, check_webp, strip_png};

    /// Width and height of a decoded image.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(u32, u32)> {
        let decoded = super::decode::decode(bytes).ok()?;
        Some((decoded.pixels.width(), decoded.pixels.height()))
    }
}
