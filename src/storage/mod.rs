//! Object storage for the bytes of images and archives: local files or an S3 bucket behind one interface.

mod availability;
mod local;
#[cfg(feature = "s3")]
mod s3;
mod scratch;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use uuid::Uuid;

pub(crate) use scratch::{Scratch, ScratchFile};

use self::availability::Availability;
use crate::config::Config;
use crate::error::{Error, Result};

/// The key of an object. Keys are always generated here: no part comes from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    shelf: Shelf,
    id: Uuid,
}

/// The purpose of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// A re-encoded image, which is served.
    Images,
    /// An upload as the client sent it. Never served.
    Inbox,
    /// A piece of an archive of somebody's own data.
    Exports,
}

impl Key {
    /// The key of an object.
    pub fn new(shelf: Shelf, id: Uuid) -> Self {
        Self { shelf, id }
    }

    /// Its id, if it is on this shelf.
    pub fn id_of(self, shelf: Shelf) -> Option<Uuid> {
        (self.shelf == shelf).then_some(self.id)
    }

    /// Parses the output of [`Display`](fmt::Display).
    pub fn parse(text: &str) -> Option<Self> {
        let (shelf, id) = text.split_once('/')?;
        let shelf = [Shelf::Images, Shelf::Inbox, Shelf::Exports].into_iter().find(|known| known.name() == shelf)?;
        Some(Self { shelf, id: Uuid::try_parse(id).ok()? })
    }
}

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Inbox => "inbox",
            Self::Exports => "exports",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shelf.name(), self.id)
    }
}

/// A stream of an object's bytes. The first ones have already been read, so that a response that has begun is likely to
/// complete.
pub(crate) type Bytestream = BoxStream<'static, std::io::Result<Bytes>>;

/// The object store. Clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    availability: Arc<Availability>,
}

enum Backend {
    Local(local::Local),
    #[cfg(feature = "s3")]
    S3(Box<s3::S3>),
}

/// A URL to which a client may upload an object.
#[derive(Clone, Debug)]
pub struct PresignedPut {
    /// The URL.
    pub url: String,
    /// Headers to send along.
    pub headers: Vec<(String, String)>,
}

/// Calls the same method on either backend.
macro_rules! with_backend {
    ($store:expr, $backend:ident => $doing:expr) => {
        match &*$store.backend {
            Backend::Local($backend) => $doing,
            #[cfg(feature = "s3")]
            Backend::S3($backend) => $doing,
        }
    };
}

impl Store {
    /// Opens the store of the settings: a bucket if one is configured, else the data folder.
    pub fn open(config: &Config, scratch: &Scratch) -> anyhow::Result<Self> {
        match &config.s3 {
            None => Ok(Self::in_folder(config, scratch)),
            Some(_) => Self::in_bucket(config),
        }
    }

    /// Opens the data folder as a store, whether the settings name a bucket or not.
    pub fn in_folder(config: &Config, scratch: &Scratch) -> Self {
        Self::new(Backend::Local(local::Local::open(&config.data_dir, scratch.clone())))
    }

    /// Opens the bucket of the settings.
    pub fn in_bucket(config: &Config) -> anyhow::Result<Self> {
        match &config.s3 {
            None => anyhow::bail!("S3_BUCKET is not set: the settings name no bucket"),
            #[cfg(feature = "s3")]
            Some(bucket) => Ok(Self::new(Backend::S3(Box::new(s3::S3::new(bucket)?)))),
            #[cfg(not(feature = "s3"))]
            Some(_) => anyhow::bail!(
                "S3_BUCKET is set, but this program was built without S3: build it with the feature s3 (`cargo build \
                 --release`, or scripts/run where S3_BUCKET is set), or unset S3_BUCKET to have images in the data folder"
            ),
        }
    }

    fn new(backend: Backend) -> Self {
        Self { backend: Arc::new(backend), availability: Arc::default() }
    }

    /// Where it is, for the operator.
    pub fn place(&self) -> String {
        with_backend!(self, backend => backend.place())
    }

    /// What this place is called wherever it is seen from: a folder by an id in it, if it has one already.
    pub async fn identity(&self) -> anyhow::Result<Option<String>> {
        with_backend!(self, backend => backend.identity().await)
    }

    /// Likewise, after giving a folder an id that has none.
    pub async fn mark(&self) -> anyhow::Result<String> {
        match &*self.backend {
            Backend::Local(folder) => folder.mark().await?,
            #[cfg(feature = "s3")]
            Backend::S3(_) => {}
        }
        self.identity().await?.context("its id is gone")
    }

    /// Fails if the bucket does not exist. One that does not answer in time may still exist.
    pub async fn ensure_exists(&self) -> anyhow::Result<()> {
        match &*self.backend {
            Backend::Local(_) => Ok(()),
            #[cfg(feature = "s3")]
            Backend::S3(bucket) => match tokio::time::timeout(crate::limits::STORE_START, bucket.exists()).await {
                Ok(Ok(false)) => anyhow::bail!("{} does not exist: create it, or correct S3_BUCKET", bucket.place()),
                // The background task reports it, and looks again.
                Ok(Ok(true) | Err(_)) | Err(_) => Ok(()),
            },
        }
    }

    /// Fails at once while a bucket is known to be unavailable, as each request would wait for its timeout. A folder
    /// answers at once and is asked each time.
    pub fn ensure_reachable(&self) -> Result<()> {
        let is_remote = match &*self.backend {
            Backend::Local(_) => false,
            #[cfg(feature = "s3")]
            Backend::S3(_) => true,
        };
        if is_remote { self.availability.ensure() } else { Ok(()) }
    }

    /// Stores an object durably: when it returns, the object survives a power cut.
    pub async fn put(&self, key: Key, bytes: Bytes) -> Result<()> {
        self.ensure_reachable()?;
        self.availability.note("written", with_backend!(self, backend => backend.put(key, bytes).await))
    }

    /// Reads a range of an object; `None` if it does not exist.
    pub async fn read(&self, key: Key, range: Range<u64>) -> Result<Option<Bytestream>> {
        self.ensure_reachable()?;
        self.availability.note("read", with_backend!(self, backend => backend.read(key, range).await))
    }

    /// The size of an object; `None` if it does not exist.
    pub async fn size(&self, key: Key) -> Result<Option<u64>> {
        self.ensure_reachable()?;
        self.availability.note("looked up", with_backend!(self, backend => backend.size(key).await))
    }

    /// Deletes an object. Idempotent.
    pub async fn delete(&self, key: Key) -> Result<()> {
        self.ensure_reachable()?;
        self.availability.note("deleted", with_backend!(self, backend => backend.delete(key).await))
    }

    /// Checks whether the store is available, which ends [`ensure_reachable`](Self::ensure_reachable)'s refusals.
    pub async fn probe(&self) {
        self.availability.note_probe(with_backend!(self, backend => backend.probe().await));
    }

    /// Waits until an operation fails while the store counted as available: a probe shows whether it still is.
    pub async fn failure(&self) {
        self.availability.failure().await;
    }

    /// Whether the last operation succeeded.
    pub fn is_available(&self) -> bool {
        self.availability.is_available()
    }

    /// A URL to which a client can upload an object of exactly this size and type within this time; `None` if the
    /// backend has no such URLs.
    pub async fn presign_put(&self, key: Key, size: u64, mime: &str, valid: Duration) -> Result<Option<PresignedPut>> {
        with_backend!(self, backend => backend.presign_put(key, size, mime, valid).await).map_err(Error::Internal)
    }

    /// Makes a finished file an object, and returns `false` if the key already exists. Only for local storage, where
    /// uploads go through this server.
    pub async fn take_in(&self, key: Key, file: &Path) -> Result<bool> {
        match &*self.backend {
            Backend::Local(folder) => self.availability.note("taken in", folder.take_in(key, file).await),
            #[cfg(feature = "s3")]
            Backend::S3(_) => Err(Error::NotFound),
        }
    }
}
