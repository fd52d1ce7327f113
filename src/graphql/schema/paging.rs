//! Pages of lists as Relay connections: their arguments and their cursors.

use std::sync::Arc;

use async_graphql::OutputType;
pub(super) use async_graphql::connection::Edge as RelayEdge;
use async_graphql::connection::{Connection, CursorType, EmptyFields};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::entity::message;
use crate::error::Error;
use crate::feed::CursorSeal;
use crate::graphql::error::{Failure, Result};
use crate::id::UserId;
use crate::limits;
use crate::page::Page;

/// A page of a list, as the Relay specification wants it: its cursors are opaque strings. `Extra` are fields beside the
/// page.
pub(super) type RelayConnection<T, Extra = EmptyFields> = Connection<UnsealedCursor, T, Extra>;

/// A cursor that is sealed when it is selected: sealing costs more than reading the row.
pub(super) struct UnsealedCursor {
    cursor: PageCursor,
    seal: Arc<CursorSeal>,
}

impl UnsealedCursor {
    pub(super) fn new(cursor: PageCursor, seal: &Arc<CursorSeal>) -> Self {
        Self { cursor, seal: Arc::clone(seal) }
    }
}

impl CursorType for UnsealedCursor {
    type Error = &'static str;

    fn decode_cursor(_: &str) -> Result<Self, &'static str> {
        // The library's own paging would call it.
        Err("cursors are opened by PageCursor::decode, which has the seal")
    }

    fn encode_cursor(&self) -> String {
        self.cursor.encode(&self.seal)
    }
}

/// The size of a page: from 1 to 100.
pub(super) fn size(field: &'static str, asked: Option<i32>) -> Result<Option<u32>> {
    let Some(asked) = asked else { return Ok(None) };
    match u32::try_from(asked) {
        Ok(size @ 1..=limits::PAGE_SIZE) => Ok(Some(size)),
        _ => {
            let message = format!("a page has 1 to {} items", limits::PAGE_SIZE);
            Err(Failure(Error::input(field, message)))
        }
    }
}

/// Wraps a page; `edge` gives the cursor and the node of each row.
pub(super) fn connection<R, T: OutputType>(
    seal: &Arc<CursorSeal>,
    page: Page<R>,
    mut edge: impl FnMut(R) -> (PageCursor, T),
) -> RelayConnection<T> {
    let mut list = RelayConnection::new(page.has_previous, page.has_next);
    list.edges.extend(page.items.into_iter().map(|row| {
        let (cursor, node) = edge(row);
        RelayEdge::new(UnsealedCursor::new(cursor, seal), node)
    }));
    list
}

/// The position of an item in a list. A cursor of one kind of list is invalid in another. A cursor that contains a
/// position of the feed is sealed, behind the letter of its kind. The unsealed form of earlier versions is not
/// accepted: a client that could choose the position could find out, page by page, where its conversations are in the
/// feed of the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageCursor {
    /// A message in this conversation's history.
    Message { conversation: Uuid, seq: i32 },
    /// A pinned message of this conversation.
    Pin { conversation: Uuid, pinned_at: i64, seq: i32 },
    /// A message among the hits of a search.
    Hit { position: i64 },
    /// A conversation in the list of conversations.
    Conversation { active_position: i64 },
    /// A user in the list by name.
    User { name_key: String, id: Uuid },
    /// A member of this conversation.
    Member { conversation: Uuid, position: i64, user: Uuid },
    /// A user who reacted to this message.
    Reactor { message: Uuid, position: i64, user: Uuid },
    /// A report in the list of a moderator.
    Report { id: Uuid },
}

impl PageCursor {
    /// The cursor of a message in its conversation's history.
    pub(super) fn of_message(row: &message::Model) -> Self {
        Self::Message { conversation: Uuid::from_bytes(*row.conversation_id.as_bytes()), seq: row.seq }
    }

    /// The cursor as clients see it.
    pub(crate) fn encode(&self, seal: &CursorSeal) -> String {
        let (kind, bytes) = match self {
            Self::Message { conversation, seq } => {
                (b'm', [conversation.as_bytes().as_slice(), &seq.to_be_bytes()].concat())
            }
            Self::Pin { conversation, pinned_at, seq } => {
                (b'n', [conversation.as_bytes().as_slice(), &pinned_at.to_be_bytes(), &seq.to_be_bytes()].concat())
            }
            Self::Hit { position } => (b'h', position.to_be_bytes().to_vec()),
            Self::Conversation { active_position } => (b'c', active_position.to_be_bytes().to_vec()),
            Self::User { name_key, id } => (b'u', [id.as_bytes(), name_key.as_bytes()].concat()),
            Self::Member { conversation, position, user } => {
                (b'p', [conversation.as_bytes().as_slice(), &position.to_be_bytes(), user.as_bytes()].concat())
            }
            Self::Reactor { message, position, user } => {
                (b'r', [message.as_bytes().as_slice(), &position.to_be_bytes(), user.as_bytes()].concat())
            }
            Self::Report { id } => (b'o', id.as_bytes().to_vec()),
        };
        let bytes = if has_position(kind) { seal.seal(kind, &bytes) } else { bytes };
        BASE64_URL_SAFE_NO_PAD.encode([[kind].as_slice(), &bytes].concat())
    }

    /// The position, if this is the cursor of a hit.
    pub(super) fn hit(self) -> Option<i64> {
        match self {
            Self::Hit { position } => Some(position),
            Self::Message { .. } | Self::Pin { .. } | Self::Conversation { .. } | Self::User { .. } => None,
            Self::Member { .. } | Self::Reactor { .. } | Self::Report { .. } => None,
        }
    }

    /// The position and the user, if this is the cursor of a member of this conversation.
    pub(super) fn member(self, here: Uuid) -> Option<(i64, UserId)> {
        match self {
            Self::Member { conversation, position, user } if conversation == here => Some((position, user.into())),
            Self::Message { .. } | Self::Pin { .. } | Self::Hit { .. } | Self::Conversation { .. } => None,
            Self::User { .. } | Self::Member { .. } | Self::Reactor { .. } | Self::Report { .. } => None,
        }
    }

    /// The sort key, if this is the cursor of a user.
    pub(super) fn user(self) -> Option<(String, UserId)> {
        match self {
            Self::User { name_key, id } => Some((name_key, UserId::from(id))),
            Self::Message { .. } | Self::Pin { .. } | Self::Hit { .. } | Self::Conversation { .. } => None,
            Self::Member { .. } | Self::Reactor { .. } | Self::Report { .. } => None,
        }
    }

    /// The id, if this is the cursor of a report.
    pub(super) fn report(self) -> Option<Uuid> {
        match self {
            Self::Report { id } => Some(id),
            Self::Message { .. } | Self::Pin { .. } | Self::Hit { .. } | Self::Conversation { .. } => None,
            Self::User { .. } | Self::Member { .. } | Self::Reactor { .. } => None,
        }
    }

    /// Parses a cursor; `None` if it is not one of ours.
    pub(crate) fn decode(seal: &CursorSeal, cursor: &str) -> Option<Self> {
        // The longest contains a name of 80 characters.
        if cursor.len() > 1_024 {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (kind, bytes) = bytes.split_first()?;
        let bytes = if has_position(*kind) { seal.open(*kind, bytes)? } else { bytes.to_vec() };
        let bytes = bytes.as_slice();
        let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).ok();
        match kind {
            b'm' => {
                let (conversation, seq) = bytes.split_first_chunk::<16>()?;
                Some(Self::Message { conversation: uuid(conversation)?, seq: i32::from_be_bytes(seq.try_into().ok()?) })
            }
            b'n' => {
                let (conversation, rest) = bytes.split_first_chunk::<16>()?;
                let (pinned_at, seq) = rest.split_first_chunk::<8>()?;
                let pinned_at = i64::from_be_bytes(*pinned_at);
                Some(Self::Pin {
                    conversation: uuid(conversation)?,
                    pinned_at,
                    seq: i32::from_be_bytes(seq.try_into().ok()?),
                })
            }
            b'h' => Some(Self::Hit { position: i64::from_be_bytes(bytes.try_into().ok()?) }),
            b'c' => {
                let active_position = i64::from_be_bytes(bytes.try_into().ok()?);
                Some(Self::Conversation { active_position })
            }
            b'u' => {
                let (id, name_key) = bytes.split_first_chunk::<16>()?;
                Some(Self::User { id: uuid(id)?, name_key: String::from_utf8(name_key.to_vec()).ok()? })
            }
            b'p' | b'r' => {
                let (of, rest) = bytes.split_first_chunk::<16>()?;
                let (position, user) = rest.split_first_chunk::<8>()?;
                let (of, position, user) = (uuid(of)?, i64::from_be_bytes(*position), uuid(user)?);
                Some(match kind {
                    b'r' => Self::Reactor { message: of, position, user },
                    _ => Self::Member { conversation: of, position, user },
                })
            }
            b'o' => Some(Self::Report { id: uuid(bytes)? }),
            _ => None,
        }
    }
}

/// Whether cursors of a kind contain a position of the feed. Those of messages, pins, users and reports contain only what
/// the client can see anyway.
fn has_position(kind: u8) -> bool {
    !matches!(kind, b'm' | b'n' | b'u' | b'o')
}

/// Parses a cursor argument; `take` accepts the kind of this list.
pub(super) fn cursor<T>(
    seal: &CursorSeal,
    field: &'static str,
    cursor: Option<&str>,
    take: impl FnOnce(PageCursor) -> Option<T>,
) -> Result<Option<T>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let found = PageCursor::decode(seal, cursor).and_then(take);
    found.map(Some).ok_or_else(|| Failure(Error::input(field, "this is not a cursor of this list")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> [PageCursor; 8] {
        [
            PageCursor::Message { conversation: Uuid::now_v7(), seq: 7 },
            PageCursor::Pin { conversation: Uuid::now_v7(), pinned_at: 1 << 40, seq: 7 },
            PageCursor::Hit { position: 1 << 40 },
            PageCursor::Conversation { active_position: 1 << 40 },
            PageCursor::User { name_key: "zoë".into(), id: Uuid::now_v7() },
            PageCursor::Member { conversation: Uuid::now_v7(), position: 9, user: Uuid::now_v7() },
            PageCursor::Reactor { message: Uuid::now_v7(), position: 9, user: Uuid::now_v7() },
            PageCursor::Report { id: Uuid::now_v7() },
        ]
    }

    #[test]
    fn a_cursor_survives_encoding() {
        let seal = CursorSeal::for_tests();
        for cursor in cursors() {
            let text = cursor.encode(&seal);
            assert_eq!(text, cursor.encode(&seal));
            assert_eq!(PageCursor::decode(&seal, &text), Some(cursor));
        }
    }

    #[test]
    fn a_position_is_hidden_and_cannot_be_forged() {
        let seal = CursorSeal::for_tests();
        for cursor in cursors() {
            // The part behind the letter, in the unsealed form of earlier versions.
            let clear = match cursor {
                PageCursor::Hit { position } | PageCursor::Conversation { active_position: position } => {
                    position.to_be_bytes().to_vec()
                }
                PageCursor::Member { conversation: of, position, user }
                | PageCursor::Reactor { message: of, position, user } => {
                    [of.as_bytes().as_slice(), &position.to_be_bytes(), user.as_bytes()].concat()
                }
                PageCursor::Message { .. }
                | PageCursor::Pin { .. }
                | PageCursor::User { .. }
                | PageCursor::Report { .. } => continue,
            };
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor.encode(&seal)).expect("base64");
            assert!(!bytes.windows(3).any(|run| clear.windows(3).any(|part| part == run)), "{cursor:?}");
            let clear = [&bytes[..1], &clear].concat();
            assert_eq!(PageCursor::decode(&seal, &BASE64_URL_SAFE_NO_PAD.encode(clear)), None);
            for kind in b"hcpr".iter().filter(|kind| **kind != bytes[0]) {
                let other = [&[*kind], &bytes[1..]].concat();
                assert_eq!(PageCursor::decode(&seal, &BASE64_URL_SAFE_NO_PAD.encode(other)), None);
            }
        }
    }

    #[test]
    fn an_invalid_cursor_is_none() {
        let seal = CursorSeal::for_tests();
        for cursor in ["", "m", "bQ", "AAAA", "????", &"A".repeat(1_000_000)] {
            assert_eq!(PageCursor::decode(&seal, cursor), None);
        }
    }
}
