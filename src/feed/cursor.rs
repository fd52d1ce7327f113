//! Positions, and the cursors that clients get for them.

/// The number of an event in the feed: 1, 2, 3 … in commit order, without holes.
pub type Position = i64;

/// A position and the random nonce of the batch that was committed there. The nonce distinguishes this database's event
/// from one at the same position in another database, or in this one before it was restored from a backup. Clients see
/// it sealed: see [`CursorSeal`](crate::feed::CursorSeal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where in the feed.
    pub position: Position,
    /// The batch's nonce.
    pub nonce: u32,
}

/// A count of events as a distance in the feed.
pub fn positions(events: usize) -> Position {
    Position::try_from(events).expect("a batch is smaller than 2^63")
}

impl Cursor {
    /// The cursor that a row holds in two columns.
    pub fn of_row(position: Position, nonce: i64) -> Self {
        // Written from a u32 only; a damaged row gives a nonce that no cursor has.
        Self { position, nonce: u32::try_from(nonce).unwrap_or_default() }
    }

    /// The cursor in 12 bytes.
    pub(super) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..].copy_from_slice(&self.nonce.to_be_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if it is not a cursor.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (position, nonce) = bytes.split_first_chunk::<8>()?;
        let position = Position::from_be_bytes(*position);
        let nonce = u32::from_be_bytes(nonce.try_into().ok()?);
        (position >= 0).then_some(Self { position, nonce })
    }
}
