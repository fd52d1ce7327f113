//! Keys: what an app's backend proves itself with, and what a bot signs in with.
//!
//! A key is random, so that its hash needs no salt, and is found by that hash. It was revoked when its row is gone. All
//! keys are read together, at most twice a second, so that a revoked one is refused everywhere within a second.

mod acting;
mod bots;
mod manage;
mod scope;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use manage::{NewKey, keys};
pub use scope::KeyScope;
use scope::KeyScopes;

use crate::accounts::Accounts;
use crate::audit::{self, AuditAction};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::{server_key, user};
use crate::error::{Error, Result};
use crate::feed::{Answers, Quiet, Rank};
use crate::id::{KeyId, UserId};
use crate::limits;

/// What every key begins with, so that tools that look for leaked secrets find it.
const PREFIX: &str = "parlour_key_";

/// A key that was valid when the request came. Only this file makes one. It is no [`Viewer`](crate::accounts::Viewer):
/// what acts for a person can't be called with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerKey {
    id: KeyId,
    scopes: KeyScopes,
    /// Where the request came from.
    address: IpAddr,
}

/// The right to manage the app's people. A slice function that does it takes one.
#[derive(Clone, Copy, Debug)]
pub struct UsersKey(ServerKey);

/// The right to see and manage all groups.
#[derive(Clone, Copy, Debug)]
pub struct ConversationsKey(ServerKey);

/// The right to read and delete all messages.
#[derive(Clone, Copy, Debug)]
pub struct MessagesKey(ServerKey);

impl ServerKey {
    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether it has a scope.
    pub fn has(&self, scope: KeyScope) -> bool {
        self.scopes.contain(scope)
    }

    /// `Forbidden` without a scope.
    pub fn needs(&self, scope: KeyScope) -> Result<()> {
        if self.has(scope) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// The right of the scope `users`; `Forbidden` without it.
    pub fn users(&self) -> Result<UsersKey> {
        self.needs(KeyScope::Users).map(|()| UsersKey(*self))
    }

    /// The right of the scope `conversations`; `Forbidden` without it.
    pub fn conversations(&self) -> Result<ConversationsKey> {
        self.needs(KeyScope::Conversations).map(|()| ConversationsKey(*self))
    }

    /// The right of the scope `messages`; `Forbidden` without it.
    pub fn messages(&self) -> Result<MessagesKey> {
        self.needs(KeyScope::Messages).map(|()| MessagesKey(*self))
    }

    /// For the audit log: what it does, itself or in the place of a person.
    pub(super) fn record(
        &self,
        acting_as: Option<UserId>,
        action: AuditAction,
        subject: impl Into<Uuid>,
    ) -> audit::AuditRecord {
        let actor = audit::AuditActor::Key { key: self.id, acting_as, address: self.address };
        audit::AuditRecord::new(actor, action, subject)
    }
}

macro_rules! rights {
    ($($right:ident),+) => {$(
        impl $right {
            /// Which key it is.
            pub fn id(self) -> KeyId {
                self.0.id
            }

            /// For the audit log: what it does.
            pub fn record(self, action: AuditAction, subject: impl Into<Uuid>) -> audit::AuditRecord {
                self.0.record(None, action, subject)
            }
        }
    )+};
}

rights!(UsersKey, ConversationsKey, MessagesKey);

type KeyHash = [u8; 32];

/// The keys, as they were read a moment ago.
#[derive(Debug)]
pub(super) struct KeyRing {
    known: Cache<(), Arc<HashMap<KeyHash, KnownKey>>>,
    /// When their uses were written last, which those that were read may not have yet.
    noted: Cache<KeyId, Timestamp>,
}

#[derive(Clone, Debug)]
struct KnownKey {
    id: KeyId,
    owner: KeyOwner,
    last_used_at: Option<Timestamp>,
}

/// Whose a key is.
#[derive(Clone, Copy, Debug)]
enum KeyOwner {
    /// The app's backend's, with these scopes.
    Backend(KeyScopes),
    /// A bot's, which may sign in.
    Bot(UserId),
}

/// Who sends a request with a key.
pub(super) enum KeySender {
    Backend(ServerKey),
    Bot { bot: UserId, key: KeyId },
}

impl Default for KeyRing {
    fn default() -> Self {
        Self {
            known: Cache::builder().time_to_live(limits::KEY_CACHE).build(),
            noted: Cache::builder().max_capacity(limits::KEYS as u64).build(),
        }
    }
}

impl KeyRing {
    /// Notes a use. `false` if a recent one is noted: it is written, or waits to be.
    fn note(&self, id: KeyId, now: Timestamp, is_recent: impl Fn(Timestamp) -> bool) -> bool {
        let noted = self.noted.entry(id).and_compute_with(|noted| match noted {
            Some(noted) if is_recent(*noted.value()) => Op::Nop,
            Some(_) | None => Op::Put(now),
        });
        !matches!(noted, CompResult::Unchanged(_))
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
    /// Whose the key with this text is; `None` if there is none (any more).
    pub(super) async fn key(&self, text: &str, address: IpAddr) -> Result<Option<KeySender>> {
        // Found by its hash: how long that takes says nothing of a key.
        let Some(KnownKey { id, owner, last_used_at }) = self.known_keys().await?.get(&hash(text)).cloned() else {
            return Ok(None);
        };
        let now = self.app.clock.now();
        let is_recent = |at| now.since(at) < limits::LAST_USED_PRECISION;
        if !last_used_at.is_some_and(is_recent) && self.keys.note(id, now, is_recent) {
            self.app.feed.append_or_drop(KeyUsed { id, at: now });
        }
        Ok(Some(match owner {
            KeyOwner::Backend(scopes) => KeySender::Backend(ServerKey { id, scopes, address }),
            KeyOwner::Bot(bot) => KeySender::Bot { bot, key: id },
        }))
    }

    /// Those of these keys that are bots' and still count.
    pub(super) async fn living_bot_keys(&self, keys: &[KeyId]) -> Result<HashSet<KeyId>> {
        let known = self.known_keys().await?;
        let bots = known.values().filter(|key| matches!(key.owner, KeyOwner::Bot(_))).map(|key| key.id);
        Ok(bots.filter(|id| keys.contains(id)).collect())
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
        let bots: Vec<UserId> = rows.iter().filter_map(|row| row.bot_id).collect();
        let bots = match bots.is_empty() {
            true => HashSet::new(),
            false => self.open_bots(bots).await?,
        };
        let known: HashMap<KeyHash, KnownKey> = rows.into_iter().filter_map(|row| known_key(row, &bots)).collect();
        let known = Arc::new(known);
        self.keys.known.insert((), Arc::clone(&known));
        Ok(known)
    }

    /// Those of these people who may sign in.
    async fn open_bots(&self, bots: Vec<UserId>) -> Result<HashSet<UserId>> {
        let open = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(bots))
            .filter(user::Column::DisabledAt.is_null())
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<UserId>();
        Ok(open.all(&self.app.db.reader).await?.into_iter().collect())
    }
}

fn known_key(row: server_key::Model, open_bots: &HashSet<UserId>) -> Option<(KeyHash, KnownKey)> {
    let owner = match row.bot_id {
        None => KeyOwner::Backend(KeyScopes::read(&row.scopes)),
        Some(bot) if open_bots.contains(&bot) => KeyOwner::Bot(bot),
        Some(_) => return None,
    };
    Some((row.hash.try_into().ok()?, KnownKey { id: row.id, owner, last_used_at: row.last_used_at }))
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
