//! Places in the feed: positions for us, cursors for clients.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The number of an event in the feed: 1, 2, 3 … in commit order, without holes.
pub type Position = i64;

/// A position and the random number of the batch that was committed there. The number tells this database's
/// event from one that stands at the same position in another database, or in this one before it was restored
/// from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where in the feed.
    pub position: Position,
    /// The batch's number.
    pub nonce: u32,
}

impl Cursor {
    /// Reads what [`Display`](std::fmt::Display) wrote; `None` is not a cursor of any feed.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 12] = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (position, nonce) = bytes.split_first_chunk::<8>()?;
        let position = Position::from_be_bytes(*position);
        let nonce = u32::from_be_bytes(nonce.try_into().ok()?);
        (position >= 0).then_some(Self { position, nonce })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..].copy_from_slice(&self.nonce.to_be_bytes());
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for cursor in [Cursor { position: 0, nonce: 0 }, Cursor { position: 1 << 40, nonce: u32::MAX }] {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_none() {
        let long = "A".repeat(1_000_000);
        for text in ["", "A", "AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAA", "????????????????", "gAAAAAAAAAAAAAAA", &long] {
            assert_eq!(Cursor::parse(text), None);
        }
    }
}
