//! The form of an archive: files in a tar (POSIX ustar), compressed by gzip. It is written a piece at a time and is never in
//! memory as a whole.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::TryStreamExt;
use serde_json::Value;

use crate::clock::{self, Timestamp};
use crate::error::{Error, Result};
use crate::limits;
use crate::storage::Bytestream;

/// Where the bytes of an archive go.
pub(crate) trait ArchiveSink: Send {
    /// Takes the next bytes.
    fn put(&mut self, piece: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Called often: fails if nobody wants the archive any more.
    fn go_on(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// What a file of a tar is padded to.
const BLOCK: usize = 512;

/// An archive that is being written.
pub(super) struct Archive<S> {
    gzip: GzEncoder<Vec<u8>>,
    sink: S,
    /// The size of what the sink gets at a time.
    piece: usize,
    made_at: Timestamp,
    /// How long it was at work since it last rested: compressing, and reading the database. Waiting for a store is none.
    worked: Duration,
}

impl<S: ArchiveSink> Archive<S> {
    pub(super) fn new(sink: S, piece: usize, made_at: Timestamp) -> Self {
        let gzip = GzEncoder::new(Vec::new(), Compression::fast());
        Self { gzip, sink, piece, made_at, worked: Duration::ZERO }
    }

    /// Adds a file.
    pub(super) async fn file(&mut self, name: &str, content: &[u8]) -> Result<()> {
        self.write(&header(name, content.len() as u64, self.made_at)).await?;
        self.write(content).await?;
        self.pad(content.len() as u64).await
    }

    /// Adds a file of this size that is read meanwhile.
    pub(super) async fn stream(&mut self, name: &str, size: u64, mut content: Bytestream) -> Result<()> {
        self.write(&header(name, size, self.made_at)).await?;
        let mut written = 0;
        while let Some(some) = content.try_next().await.map_err(|error| Error::Internal(error.into()))? {
            self.write(&some).await?;
            written += some.len() as u64;
        }
        if written != size {
            return Err(Error::Internal(anyhow::anyhow!("{name} has {written} bytes and not {size}")));
        }
        self.pad(size).await
    }

    /// Writes the end, and returns where everything went.
    pub(super) async fn finish(mut self) -> Result<S> {
        self.write(&[0; 2 * BLOCK]).await?;
        self.gzip.try_finish().map_err(|error| Error::Internal(error.into()))?;
        self.pass_on().await?;
        let last = std::mem::take(self.gzip.get_mut());
        if !last.is_empty() {
            self.sink.put(last.into()).await?;
        }
        Ok(self.sink)
    }

    /// Rests, if it is time to: others come first. Between two reads.
    pub(super) async fn rest(&mut self) -> Result<()> {
        self.sink.go_on().await?;
        if self.worked >= limits::EXPORT_WORK {
            let worked = std::mem::take(&mut self.worked);
            tokio::time::sleep((worked * limits::EXPORT_REST).min(limits::EXPORT_LONGEST_REST)).await;
        }
        Ok(())
    }

    /// Waits for a store that does not answer.
    pub(super) async fn pause(&mut self) -> Result<()> {
        tokio::time::sleep(limits::EXPORT_PAUSE).await;
        self.sink.go_on().await
    }

    /// What the database answers, which counts as work.
    pub(super) async fn asking<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> T {
        let since = clock::instant();
        let answer = work.await;
        self.worked += since.elapsed();
        answer
    }

    async fn pad(&mut self, size: u64) -> Result<()> {
        let beyond = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        if beyond == 0 { Ok(()) } else { self.write(&[0; BLOCK][beyond..]).await }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for some in bytes.chunks(limits::EXPORT_STEP) {
            let since = clock::instant();
            self.gzip.write_all(some).map_err(|error| Error::Internal(error.into()))?;
            self.worked += since.elapsed();
            self.pass_on().await?;
            self.rest().await?;
        }
        Ok(())
    }

    async fn pass_on(&mut self) -> Result<()> {
        while self.gzip.get_ref().len() >= self.piece {
            let rest = self.gzip.get_mut().split_off(self.piece);
            let piece = std::mem::replace(self.gzip.get_mut(), rest);
            self.sink.put(piece.into()).await?;
        }
        Ok(())
    }
}

/// JSON Lines: `messages.jsonl`, which goes on in `messages-2.jsonl` when it gets long, as a tar has a file's size before it.
pub(super) struct Lines {
    name: &'static str,
    files: u32,
    text: Vec<u8>,
}

impl Lines {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, files: 0, text: Vec::new() }
    }

    /// Adds a line.
    pub(super) async fn add<S: ArchiveSink>(&mut self, archive: &mut Archive<S>, object: &Value) -> Result<()> {
        self.text.extend_from_slice(object.to_string().as_bytes());
        self.text.push(b'\n');
        if self.text.len() >= limits::EXPORT_FILE { self.write(archive).await } else { Ok(()) }
    }

    /// Writes what is left. A list without lines is an empty file.
    pub(super) async fn finish<S: ArchiveSink>(mut self, archive: &mut Archive<S>) -> Result<()> {
        if self.files == 0 || !self.text.is_empty() { self.write(archive).await } else { Ok(()) }
    }

    async fn write<S: ArchiveSink>(&mut self, archive: &mut Archive<S>) -> Result<()> {
        self.files += 1;
        let name = match self.files {
            1 => format!("{}.jsonl", self.name),
            number => format!("{}-{number}.jsonl", self.name),
        };
        archive.file(&name, &self.text).await?;
        self.text.clear();
        Ok(())
    }
}

/// The header of a file in a tar. Names are ours: short, and ASCII.
fn header(name: &str, size: u64, made_at: Timestamp) -> [u8; BLOCK] {
    const SUM: std::ops::Range<usize> = 148..156;
    let mut header = [0; BLOCK];
    let mut set = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    set(0, name);
    set(100, "0000600");
    set(108, "0000000");
    set(116, "0000000");
    set(124, &format!("{size:011o}"));
    set(136, &format!("{:011o}", made_at.seconds().max(0)));
    set(SUM.start, "        ");
    set(156, "0");
    set(257, "ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the pieces.
    #[derive(Default)]
    struct Kept(Vec<Bytes>);

    impl ArchiveSink for Kept {
        async fn put(&mut self, piece: Bytes) -> Result<()> {
            self.0.push(piece);
            Ok(())
        }

        async fn go_on(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn pieces_are_of_one_size_and_any_tar_reads_them() {
        const PIECE: usize = 1_000;
        let mut archive = Archive::new(Kept::default(), PIECE, Timestamp(1_800_000_000_000));
        let mut random = [0; 5_000];
        getrandom::fill(&mut random).unwrap();
        archive.file("README.txt", b"hello\n").await.unwrap();
        archive.file("images/random", &random).await.unwrap();
        archive.file("full-block", &[b'x'; 512]).await.unwrap();
        Lines::new("nothing").finish(&mut archive).await.unwrap();
        let pieces = archive.finish().await.unwrap().0;

        let (last, others) = pieces.split_last().unwrap();
        assert!(others.iter().all(|piece| piece.len() == PIECE) && (1..=PIECE).contains(&last.len()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.tar.gz"), pieces.concat()).unwrap();
        let untar =
            std::process::Command::new("tar").arg("-xzf").arg("a.tar.gz").current_dir(&folder).output().unwrap();
        assert!(untar.status.success(), "{untar:?}");
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!((read("README.txt"), read("images/random")), (b"hello\n".to_vec(), random.to_vec()));
        assert_eq!((read("full-block"), read("nothing.jsonl")), (vec![b'x'; 512], Vec::new()));
    }

    #[tokio::test]
    async fn a_long_list_goes_on_in_another_file() {
        let mut archive = Archive::new(Kept::default(), limits::EXPORT_PIECE, Timestamp(0));
        let mut lines = Lines::new("messages");
        let long = Value::String("x".repeat(limits::EXPORT_FILE / 2));
        for _ in 0..3 {
            lines.add(&mut archive, &long).await.unwrap();
        }
        lines.finish(&mut archive).await.unwrap();
        let bytes = archive.finish().await.unwrap().0.concat();
        let mut tar = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*bytes), &mut tar).unwrap();
        let names: Vec<&str> = tar
            .chunks(BLOCK)
            .filter(|block| block[257..].starts_with(b"ustar"))
            .map(|block| std::str::from_utf8(&block[..100]).unwrap().trim_end_matches('\0'))
            .collect();
        assert_eq!(names, ["messages.jsonl", "messages-2.jsonl"]);
    }
}
