//! Keys of an app's backend: who has one is no person, and may do what its scopes say.
//!
//! There are few keys, and each node reads all of them at once, at most every half a second while they are used. So a
//! revoked key is refused everywhere within a second, whoever revoked it, and text that only looks like a key costs no
//! statement of its own.

mod manage;
mod scope;

use std::collections::HashMap;
use std::sync::Arc;

use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};

pub use manage::{NewKey, keys};
pub use scope::KeyScope;
use scope::KeyScopes;

use crate::accounts::Accounts;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::server_key;
use crate::error::{Error, Result};
use crate::feed::{Answers, Quiet, Rank};
use crate::id::KeyId;
use crate::limits;

/// What every key begins with, so that tools that look for leaked secrets find it.
const PREFIX: &str = "parlour_key_";

/// A key that was valid when the request came. Only this file makes one. It is no [`Viewer`](crate::accounts::Viewer):
/// what acts for a person can't be called with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey {
    id: KeyId,
    scopes: KeyScopes,
}

/// The right to manage the app's people. A slice function that does it takes one.
#[derive(Clone, Copy, Debug)]
pub struct UsersKey(KeyId);

impl ServerKey {
    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The right of the scope `users`; `Forbidden` without it.
    pub fn users(&self) -> Result<UsersKey> {
        if self.scopes.contain(KeyScope::Users) { Ok(UsersKey(self.id)) } else { Err(Error::Forbidden) }
    }
}

impl UsersKey {
    /// Which key it is.
    pub fn id(self) -> KeyId {
        self.0
    }
}

type KeyHash = [u8; 32];

/// The keys, as they were read a moment ago.
#[derive(Debug)]
pub(super) struct KeyRing {
    known: Cache<(), Arc<HashMap<KeyHash, KnownKey>>>,
    /// Those whose use was written a moment ago.
    noted: Cache<KeyId, ()>,
}

#[derive(Clone, Debug)]
struct KnownKey {
    key: ServerKey,
    last_used_at: Option<Timestamp>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self {
            known: Cache::builder().time_to_live(limits::KEY_CACHE).build(),
            noted: Cache::builder().time_to_live(4 * limits::KEY_CACHE).max_capacity(limits::KEYS as u64).build(),
        }
    }
}

/// Whether a bearer's token is meant to be a key.
pub(super) fn looks_like_a_key(token: &str) -> bool {
    token.starts_with(PREFIX)
}

fn hash(text: &str) -> KeyHash {
    Sha256::digest(text).into()
}

impl Accounts {
    /// The key with this text; `None` if there is none (any more).
    pub(super) async fn key(&self, text: &str) -> Result<Option<ServerKey>> {
        // Found by its hash: how long that takes says nothing of a key.
        let Some(KnownKey { key, last_used_at }) = self.known_keys().await?.get(&hash(text)).cloned() else {
            return Ok(None);
        };
        let now = self.app.clock.now();
        let is_noted = last_used_at.is_some_and(|at| now.since(at) < limits::LAST_USED_PRECISION);
        if !is_noted && self.keys.noted.entry(key.id).or_insert(()).is_fresh() {
            self.app.feed.append_or_drop(KeyUsed { id: key.id, at: now });
        }
        Ok(Some(key))
    }

    async fn known_keys(&self) -> Result<Arc<HashMap<KeyHash, KnownKey>>> {
        if let Some(known) = self.keys.known.get(&()) {
            return Ok(known);
        }
        let _turn = self.app.db.turn().await;
        // Those who waited for a turn use what the first of them has read.
        if let Some(known) = self.keys.known.get(&()) {
            return Ok(known);
        }
        let rows = server_key::Entity::find().all(&self.app.db.reader).await?;
        let known: HashMap<KeyHash, KnownKey> = rows.into_iter().filter_map(known_key).collect();
        let known = Arc::new(known);
        self.keys.known.insert((), Arc::clone(&known));
        Ok(known)
    }
}

fn known_key(row: server_key::Model) -> Option<(KeyHash, KnownKey)> {
    let key = ServerKey { id: row.id, scopes: KeyScopes::read(&row.scopes) };
    Some((row.hash.try_into().ok()?, KnownKey { key, last_used_at: row.last_used_at }))
}

/// Stores when a key was last used.
#[derive(Clone)]
struct KeyUsed {
    id: KeyId,
    at: Timestamp,
}

impl Quiet for KeyUsed {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, uses: Vec<Self>) -> Answers<Self> {
        for KeyUsed { id, at } in &uses {
            server_key::Entity::update_many()
                .col_expr(server_key::Column::LastUsedAt, Some(*at).into())
                .filter(server_key::Column::Id.eq(*id))
                .exec(tx)
                .await?;
        }
        Ok(vec![(); uses.len()])
    }
}
