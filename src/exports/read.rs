//! Reading an archive that is made.

use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Exports;
use super::record::key;
use crate::clock::instant;
use crate::entity::data_export;
use crate::error::{Error, Result};
use crate::id::ExportId;
use crate::limits;
use crate::storage::{Bytestream, Key};

/// An archive that is whole.
#[derive(Clone, Debug)]
pub(crate) struct ReadyExport {
    /// Its size in bytes.
    pub bytes: u64,
    /// A file name for it.
    pub file_name: String,
    /// Its entity tag. Made again, it has another one.
    pub tag: String,
    id: ExportId,
    attempt: i32,
    piece: u64,
}

impl ReadyExport {
    fn of(row: &data_export::Model) -> Option<Self> {
        let date = row.created_at.to_rfc3339();
        Some(Self {
            bytes: u64::try_from(row.byte_size?).ok()?,
            file_name: format!("parlour-{}.tar.gz", date.get(..10).unwrap_or_default()),
            tag: format!("{}-{}", row.id, row.attempt),
            id: row.id,
            attempt: row.attempt,
            piece: u64::try_from(row.piece_bytes).ok().filter(|piece| *piece > 0)?,
        })
    }

    /// The pieces of a range, each with the part of it.
    fn parts(&self, range: Range<u64>) -> impl Iterator<Item = (Key, Range<u64>)> + Send + 'static {
        let (id, attempt, piece) = (self.id, self.attempt, self.piece);
        (range.start / piece..range.end.div_ceil(piece)).map(move |number| {
            let begin = number * piece;
            let part = range.start.max(begin) - begin..range.end.min(begin + piece) - begin;
            (key(id, attempt, u32::try_from(number).unwrap_or(u32::MAX)), part)
        })
    }
}

impl Exports {
    /// The archive of an address: waits until it is made, and has it made if nobody does. `Unavailable` if that takes too
    /// long or the server stops, `None` if the address, which expires at this second, is not good any more.
    pub(crate) async fn ready(&self, id: ExportId, expires: i64) -> Result<Option<ReadyExport>> {
        let late = instant() + limits::EXPORT_WAIT;
        loop {
            let mut built = std::pin::pin!(self.0.built.notified());
            built.as_mut().enable();
            let row = self.find(id).await?.filter(|row| row.expires_at.seconds() == expires);
            let Some(row) = row else { return Ok(None) };
            if let Some(ready) = ReadyExport::of(&row) {
                return Ok(Some(ready));
            }
            self.build_soon(&row);
            let now = instant();
            if now >= late {
                return Err(Error::Unavailable { retry_after: limits::EXPORT_RETRY });
            }
            tokio::select! {
                () = self.0.stopping.cancelled() => return Err(Error::Unavailable { retry_after: limits::EXPORT_RETRY }),
                () = built => {}
                // Another node may make it.
                () = tokio::time::sleep(limits::EXPORT_LOOK.min(late - now)) => {}
            }
        }
    }

    /// A range of its bytes; `None` if they are gone.
    pub(crate) async fn read(&self, export: &ReadyExport, range: Range<u64>) -> Result<Option<Bytestream>> {
        let store = self.0.store.clone();
        let mut parts = export.parts(range);
        let Some((key, part)) = parts.next() else { return Ok(Some(stream::empty().boxed())) };
        // The first one is opened before the answer begins.
        let Some(first) = store.read(key, part).await? else { return Ok(None) };
        let others = stream::iter(parts).then(move |(key, part)| {
            let store = store.clone();
            async move {
                match store.read(key, part).await {
                    Ok(Some(bytes)) => Ok(bytes),
                    Ok(None) => Err(std::io::ErrorKind::NotFound.into()),
                    Err(error) => Err(std::io::Error::other(error)),
                }
            }
        });
        Ok(Some(first.chain(others.try_flatten()).boxed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_borders_of_pieces() {
        let export = ReadyExport {
            bytes: 25,
            file_name: String::new(),
            tag: String::new(),
            id: ExportId::new(),
            attempt: 1,
            piece: 10,
        };
        let parts = |range: Range<u64>| -> Vec<(u32, Range<u64>)> {
            let number = |of: Key| (0..3).find(|number| key(export.id, 1, *number) == of).expect("a piece of it");
            export.parts(range).map(|(key, part)| (number(key), part)).collect()
        };
        assert_eq!(parts(0..25), [(0, 0..10), (1, 0..10), (2, 0..5)]);
        assert_eq!(parts(9..11), [(0, 9..10), (1, 0..1)]);
        assert_eq!(parts(10..20), [(1, 0..10)]);
        assert_eq!(parts(24..25), [(2, 4..5)]);
        assert_eq!(parts(5..5), [(0, 5..5)]);
    }
}
