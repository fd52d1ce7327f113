//! Seals cursors: clients get a string that hides the position in it, which would reveal how much the whole server writes.
//!
//! The same cursor always gives the same string, as clients drop duplicates by it. That takes deterministic
//! authenticated encryption: the SIV construction (Rogaway and Shrimpton 2006; RFC 5297), with HMAC-SHA256 where the RFC
//! has AES:
//!
//! ```text
//! tag    = the first 12 bytes of HMAC(key 1, kind ‖ plain)
//! sealed = tag ‖ plain XOR (HMAC(key 2, tag ‖ 0) ‖ HMAC(key 2, tag ‖ 1) ‖ …)
//! ```
//!
//! The keys are one row of the database, so that a backup, a copy or a new `JWT_SECRET` changes no cursor.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use sha2::Sha256;

use crate::clock::{Clock, Timestamp};
use crate::db::Tx;
use crate::entity::cursor_key;
use crate::feed::cursor::Cursor;
use crate::feed::log;
use crate::limits;

/// 96 bits, as of HMAC in IPsec (RFC 2404); RFC 2104, 5, asks for 80 at least. With a feed cursor's 12 bytes it makes 32
/// characters of base64.
const TAG_BYTES: usize = 12;
/// Two keys, each as long as the hash.
const KEY_BYTES: usize = 64;
/// What HMAC-SHA256 gives.
const BLOCK_BYTES: usize = 32;
/// The kind of feed cursors.
const FEED: u8 = b'f';
/// Longer than any feed cursor, sealed or not.
const LONGEST: usize = 64;

/// Seals cursors and opens them, with the keys of one database.
pub struct CursorSeal {
    tags: Hmac<Sha256>,
    streams: Hmac<Sha256>,
    /// Until when unsealed feed cursors are accepted, which older versions gave out.
    unsealed_until: Option<Timestamp>,
    clock: Clock,
}

impl CursorSeal {
    /// Reads the keys of a database.
    pub async fn load(db: &impl ConnectionTrait, clock: Clock) -> Result<Self, DbErr> {
        let row = cursor_key::Entity::find_by_id(1_i16).one(db).await?;
        let row = row.ok_or_else(|| DbErr::Custom("the database has no key for cursors".into()))?;
        let key = <&[u8; KEY_BYTES]>::try_from(row.key.expose());
        let key = key.map_err(|_| DbErr::Custom(format!("the key for cursors does not have {KEY_BYTES} bytes")))?;
        Ok(Self::new(key, row.sealed_since.map(|since| since + limits::UNSEALED_CURSORS), clock))
    }

    fn new(key: &[u8; KEY_BYTES], unsealed_until: Option<Timestamp>, clock: Clock) -> Self {
        let keyed = |key| Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        let (tags, streams) = key.split_at(KEY_BYTES / 2);
        Self { tags: keyed(tags), streams: keyed(streams), unsealed_until, clock }
    }

    /// A seal without a database.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn for_tests() -> Self {
        Self::new(&[7; KEY_BYTES], None, Clock::default())
    }

    /// A feed cursor as clients see it.
    pub fn cursor_text(&self, cursor: Cursor) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.seal(FEED, &cursor.to_bytes()))
    }

    /// The feed cursor that a client sent; `None` if it is not one of this database.
    pub fn read_cursor(&self, text: &str) -> Option<Cursor> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = self.open(FEED, &bytes).and_then(|plain| Cursor::from_bytes(&plain));
        opened.or_else(|| self.read_unsealed(&bytes))
    }

    /// The cursor in its unsealed form, for as long as that is accepted.
    fn read_unsealed(&self, bytes: &[u8]) -> Option<Cursor> {
        self.unsealed_until.filter(|until| self.clock.now() < *until).and_then(|_| Cursor::from_bytes(bytes))
    }

    /// Seals any text. `kind` is a letter for each kind of cursor: what was sealed as one kind does not open as another.
    pub fn seal(&self, kind: u8, plain: &[u8]) -> Vec<u8> {
        let tag = self.tag(kind, plain).finalize().into_bytes();
        let mut sealed = [&tag[..TAG_BYTES], plain].concat();
        let (tag, text) = sealed.split_at_mut(TAG_BYTES);
        self.mask(tag, text);
        sealed
    }

    /// What was sealed as this kind; `None` if it was not, or not with these keys.
    pub fn open(&self, kind: u8, sealed: &[u8]) -> Option<Vec<u8>> {
        let (tag, text) = sealed.split_at_checked(TAG_BYTES)?;
        let mut plain = text.to_vec();
        self.mask(tag, &mut plain);
        // In constant time.
        self.tag(kind, &plain).verify_truncated_left(tag).ok()?;
        Some(plain)
    }

    /// A hash that only this database computes.
    pub fn digest(&self, kind: u8, plain: &[u8]) -> [u8; 16] {
        let mut digest = [0; 16];
        digest.copy_from_slice(&self.tag(kind, plain).finalize().into_bytes()[..16]);
        digest
    }

    fn tag(&self, kind: u8, plain: &[u8]) -> Hmac<Sha256> {
        self.tags.clone().chain_update([kind]).chain_update(plain)
    }

    /// Makes the plain text unreadable, and readable again.
    fn mask(&self, tag: &[u8], text: &mut [u8]) {
        for (number, block) in (0_u32..).zip(text.chunks_mut(BLOCK_BYTES)) {
            let stream = self.streams.clone().chain_update(tag).chain_update(number.to_be_bytes());
            for (byte, mask) in block.iter_mut().zip(stream.finalize().into_bytes()) {
                *byte ^= mask;
            }
        }
    }
}

/// Creates the keys at the first start, before the log has its origin: a log with events and no key is from a version that
/// gave out unsealed cursors.
pub(super) async fn ensure_key(tx: &Tx) -> Result<(), DbErr> {
    let gave_out_unsealed = log::has_events(tx).await?;
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| DbErr::Custom(format!("no random numbers: {error}")))?;
    let sealed_since = gave_out_unsealed.then_some(tx.now);
    let row = cursor_key::Model { id: 1, key: cursor_key::KeyBytes::new(key), sealed_since };
    cursor_key::Entity::insert(row.into_active_model().reset_all())
        .on_conflict_do_nothing_on([cursor_key::Column::Id])
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
