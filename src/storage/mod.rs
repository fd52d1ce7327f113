//! Where the bytes of images are: in a folder or in a bucket, with the same few operations.

mod local;
#[cfg(feature = "s3")]
mod s3;
mod scratch;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use uuid::Uuid;

pub use scratch::{Scratch, ScratchFile};

use crate::config::Config;
use crate::error::{Error, Result};

/// When it is worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The name of an object. All of them are chosen here: nothing of it is a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    shelf: Shelf,
    id: Uuid,
}

/// What an object is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// An image as it is served.
    Images,
    /// What a client has put here, and nobody has looked at yet. Never served.
    Inbox,
}

impl Key {
    /// The object of a shelf with this id.
    pub fn new(shelf: Shelf, id: Uuid) -> Self {
        Self { shelf, id }
    }

    /// Its id, when it is on this shelf.
    pub fn id_of(self, shelf: Shelf) -> Option<Uuid> {
        (self.shelf == shelf).then_some(self.id)
    }

    /// Reads what [`Display`](fmt::Display) has written.
    pub fn parse(text: &str) -> Option<Self> {
        let (shelf, id) = text.split_once('/')?;
        let shelf = [Shelf::Images, Shelf::Inbox].into_iter().find(|known| known.name() == shelf)?;
        Some(Self { shelf, id: Uuid::try_parse(id).ok()? })
    }
}

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Inbox => "inbox",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shelf.name(), self.id)
    }
}

/// An object's bytes, as they come. The first are there, so that an answer that has begun is likely to end.
pub type Bytestream = BoxStream<'static, std::io::Result<Bytes>>;

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    /// Whether the last thing that was tried failed.
    is_away: Arc<AtomicBool>,
}

enum Backend {
    Local(local::Local),
    #[cfg(feature = "s3")]
    S3(Box<s3::S3>),
}

/// Where a client may put an object by itself.
#[derive(Clone, Debug)]
pub struct PresignedPut {
    /// The address.
    pub url: String,
    /// What has to be sent along.
    pub headers: Vec<(String, String)>,
}

/// Does the same with either backend.
macro_rules! at {
    ($store:expr, $backend:ident => $doing:expr) => {
        match &*$store.backend {
            Backend::Local($backend) => $doing,
            #[cfg(feature = "s3")]
            Backend::S3($backend) => $doing,
        }
    };
}

impl Store {
    /// The store of the settings: a bucket where one is named, else the data folder.
    pub fn open(config: &Config, scratch: &Scratch) -> anyhow::Result<Self> {
        let backend = match &config.s3 {
            None => Backend::Local(local::Local::open(&config.data_dir, scratch.clone())),
            #[cfg(feature = "s3")]
            Some(bucket) => Backend::S3(Box::new(s3::S3::new(bucket)?)),
            #[cfg(not(feature = "s3"))]
            Some(_) => anyhow::bail!("S3_BUCKET is set, but this program was built without the feature s3"),
        };
        Ok(Self { backend: Arc::new(backend), is_away: Arc::default() })
    }

    /// Keeps an object for good. When it returns, the object is there whatever happens to the machine.
    pub async fn put(&self, key: Key, bytes: Bytes) -> Result<()> {
        self.noted("written", at!(self, backend => backend.put(key, bytes).await))
    }

    /// A part of an object; `None` where there is no such object.
    pub async fn read(&self, key: Key, range: Range<u64>) -> Result<Option<Bytestream>> {
        self.noted("read", at!(self, backend => backend.read(key, range).await))
    }

    /// The size of an object; `None` where there is no such object.
    pub async fn size(&self, key: Key) -> Result<Option<u64>> {
        self.noted("looked up", at!(self, backend => backend.size(key).await))
    }

    /// Lets go of an object. One that is not there is none.
    pub async fn delete(&self, key: Key) -> Result<()> {
        self.noted("deleted", at!(self, backend => backend.delete(key).await))
    }

    /// Finds out whether the store can be used, where that can change.
    pub async fn look(&self) {
        // The log tells when it comes and goes.
        let _ = self.noted("reached", at!(self, backend => backend.look().await));
    }

    /// Whether the store could be used when it was last tried.
    pub fn is_there(&self) -> bool {
        !self.is_away.load(Ordering::Relaxed)
    }

    /// An address where a client can put an object of exactly this size and type by itself, for so long; `None` where
    /// the store has no address of its own.
    pub async fn presign_put(&self, key: Key, size: u64, mime: &str, valid: Duration) -> Result<Option<PresignedPut>> {
        at!(self, backend => backend.presign_put(key, size, mime, valid).await).map_err(Error::Internal)
    }

    /// Makes a finished file an object, once: whether there was none by this key. For local storage, where clients put objects by way of this server.
    pub async fn take_in(&self, key: Key, file: &Path) -> Result<bool> {
        match &*self.backend {
            Backend::Local(folder) => self.noted("taken in", folder.take_in(key, file).await),
            #[cfg(feature = "s3")]
            Backend::S3(_) => Err(Error::NotFound),
        }
    }

    /// Tells the log when the store goes and when it is back, and the caller that it is worth another try.
    fn noted<T>(&self, done: &str, outcome: anyhow::Result<T>) -> Result<T> {
        match outcome {
            Ok(done) => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::warn!("the store of images can be used again");
                }
                Ok(done)
            }
            Err(error) => {
                if self.is_away.swap(true, Ordering::Relaxed) {
                    tracing::debug!("an image could not be {done} either: {error:#}");
                } else {
                    tracing::error!("an image could not be {done}: {error:#}");
                }
                Err(Error::Unavailable { retry_after: RETRY_AFTER })
            }
        }
    }
}
