//! Objects as files in the data folder.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{Bytestream, Key, PresignedPut, Scratch, Shelf};
use crate::draft;

/// The bytes per read.
const PIECE: u64 = 64 * 1024;
/// A folder per shelf, and in it a folder per last byte of the id, because the first bytes are a timestamp.
pub(super) struct Local {
    root: PathBuf,
    scratch: Scratch,
}

impl Local {
    pub(super) fn open(data_dir: &Path, scratch: Scratch) -> Self {
        Self { root: data_dir.to_owned(), scratch }
    }

    /// The folder of the images.
    pub(super) fn place(&self) -> String {
        self.root.join(Shelf::Images.name()).display().to_string()
    }

    /// The id of the folder, if it has one: other nodes may have it at another path.
    pub(super) async fn identity(&self) -> anyhow::Result<Option<String>> {
        let path = self.marker();
        blocking(move || match fs::read_to_string(path) {
            Ok(id) => Ok(Some(format!("the folder with the id {}", id.trim()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Gives the folder an id, if it has none. Nodes that do it at once agree.
    pub(super) async fn mark(&self) -> anyhow::Result<()> {
        let path = self.marker();
        blocking(move || {
            DirBuilder::new().recursive(true).mode(0o700).create(draft::folder(&path))?;
            let mut draft = draft::Draft::beside(&path)?;
            writeln!(draft.file(), "{}", Uuid::now_v7())?;
            draft::link(draft.path(), &path)?;
            Ok(())
        })
        .await
    }

    fn marker(&self) -> PathBuf {
        self.root.join(Shelf::Images.name()).join("store-id")
    }

    fn path(&self, key: Key) -> PathBuf {
        let last = key.id.as_bytes()[15];
        self.root.join(key.shelf.name()).join(format!("{last:02x}")).join(key.id.to_string())
    }

    pub(super) async fn put(&self, key: Key, bytes: Bytes) -> anyhow::Result<()> {
        let (path, scratch) = (self.path(key), self.scratch.clone());
        blocking(move || {
            let (draft, _) = write(&scratch, &bytes)?;
            let folder = Folder::of(&path)?;
            draft::replace(draft.path(), &path)?;
            folder.sync_above()
        })
        .await
    }

    /// Never replaces an existing object: `link` fails if the name exists, `rename` would not.
    pub(super) async fn take_in(&self, key: Key, file: &Path) -> anyhow::Result<bool> {
        let (path, file) = (self.path(key), file.to_owned());
        blocking(move || {
            let folder = Folder::of(&path)?;
            let is_new = draft::link(&file, &path)?;
            folder.sync_above()?;
            Ok(is_new)
        })
        .await
    }

    pub(super) async fn read(&self, key: Key, range: Range<u64>) -> anyhow::Result<Option<Bytestream>> {
        let path = self.path(key);
        let opened = blocking(move || {
            let mut file = match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            };
            file.seek(SeekFrom::Start(range.start))?;
            let rest = range.end.saturating_sub(range.start);
            let first = read(&mut file, rest)?;
            Ok(Some((file, first, rest)))
        });
        let Some((file, first, rest)) = opened.await? else { return Ok(None) };
        let rest = rest.saturating_sub(first.len() as u64);
        let pieces = stream::try_unfold((file, rest), |(mut file, rest)| async move {
            if rest == 0 {
                return Ok(None);
            }
            let piece = move || read(&mut file, rest).map(|piece| (piece, file));
            let (piece, file) = spawn_blocking(piece).await.map_err(std::io::Error::other)??;
            let rest = rest.saturating_sub(piece.len() as u64);
            Ok(Some((piece, (file, rest))))
        });
        Ok(Some(stream::iter([Ok(first)]).chain(pieces).boxed()))
    }

    pub(super) async fn size(&self, key: Key) -> anyhow::Result<Option<u64>> {
        let path = self.path(key);
        blocking(move || match fs::metadata(&path) {
            Ok(file) => Ok(Some(file.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) async fn delete(&self, key: Key) -> anyhow::Result<()> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            // The folder is not synced: a file that a power cut brings back is still on the list of deletions, or is
            // deleted again.
            removed => removed,
        })
        .await
    }

    #[expect(clippy::unused_async, reason = "the same signature as S3's")]
    pub(super) async fn presign_put(
        &self,
        _: Key,
        _: u64,
        _: &str,
        _: Duration,
    ) -> anyhow::Result<Option<PresignedPut>> {
        Ok(None)
    }

    pub(super) async fn probe(&self) -> anyhow::Result<()> {
        let scratch = self.scratch.clone();
        blocking(move || write(&scratch, b"disk space probe")?.1.sync_all()).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> anyhow::Result<T> {
    Ok(spawn_blocking(work).await.context("a file operation panicked")??)
}

/// Writes a new file, not synced yet.
fn write(scratch: &Scratch, bytes: &[u8]) -> std::io::Result<(super::ScratchFile, File)> {
    let (draft, mut file) = scratch.file()?;
    file.write_all(bytes)?;
    Ok((draft, file))
}

/// The folder of an object, created if missing.
struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    fn of(object: &Path) -> std::io::Result<Self> {
        let path = object.parent().unwrap_or(Path::new(".")).to_owned();
        let is_new = !path.is_dir();
        if is_new {
            DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        }
        Ok(Self { path, is_new })
    }

    /// Syncs the names of a new folder: in the shelf, and in the data folder.
    fn sync_above(&self) -> std::io::Result<()> {
        for above in self.path.ancestors().skip(1).take(2).filter(|_| self.is_new) {
            draft::sync(above)?;
        }
        Ok(())
    }
}

fn read(file: &mut File, rest: u64) -> std::io::Result<Bytes> {
    let mut piece = Vec::new();
    let wanted = rest.min(PIECE);
    file.take(wanted).read_to_end(&mut piece)?;
    if piece.is_empty() && wanted > 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(piece.into())
}
