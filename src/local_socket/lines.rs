//! Lines of JSON over a socket, with a bound on their length.

use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::BytesMut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Reads lines. A read that is given up loses nothing.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    from: R,
    read: BytesMut,
    longest: usize,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(from: R, longest: usize) -> Self {
        Self { from, read: BytesMut::new(), longest }
    }

    /// The next line; `None` at the end, whatever was begun before it.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<T>> {
        let mut looked_at = 0;
        loop {
            if let Some(end) = self.read[looked_at..].iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(looked_at + end + 1);
                return Ok(Some(serde_json::from_slice(&line).context("what was said is not understood")?));
            }
            looked_at = self.read.len();
            ensure!(looked_at <= self.longest, "a line has more than {} bytes", self.longest);
            if self.from.read_buf(&mut self.read).await.context("the connection is broken")? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Writes a line, within this time.
pub(super) async fn say(
    to: &mut (impl AsyncWrite + Unpin),
    what: &impl Serialize,
    time: Duration,
) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    timeout(time, to.write_all(&line)).await.context("nobody reads")?.context("the connection is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_in_pieces_and_have_a_bound() {
        let (mut one, other) = tokio::io::duplex(64);
        let mut reader = LineReader::new(other, 16);
        one.write_all(b"\"a").await.unwrap();
        let given_up = timeout(Duration::ZERO, reader.next::<String>()).await;
        assert!(given_up.is_err());
        one.write_all(b"b\"\n1\n").await.unwrap();
        assert_eq!(reader.next::<String>().await.unwrap().as_deref(), Some("ab"));
        assert_eq!(reader.next::<i32>().await.unwrap(), Some(1));
        one.write_all(&[b'x'; 17]).await.unwrap();
        assert!(reader.next::<String>().await.is_err());
        drop(one);
        assert!(LineReader::new(&b"\"cut off"[..], 16).next::<String>().await.unwrap().is_none());
    }
}
