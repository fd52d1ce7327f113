//! Making, listing and revoking keys, for the operator.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use zeroize::Zeroizing;

use super::scope::KeyScopes;
use super::{KeyScope, PREFIX, hash};
use crate::accounts::Accounts;
use crate::app::App;
use crate::audit::{AuditAction, Operator};
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::server_key;
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{KeyId, UserId};
use crate::{limits, printable};

/// A key that was just made. Its text is nowhere else.
pub struct NewKey {
    /// Which key it is.
    pub id: KeyId,
    /// What the backend sends.
    pub text: Zeroizing<String>,
}

/// All keys, the oldest first.
pub async fn keys(app: &App) -> Result<Vec<server_key::Model>> {
    Ok(server_key::Entity::find().order_by_asc(server_key::Column::Id).all(&app.db.reader).await?)
}

impl Accounts {
    /// Makes a key.
    pub async fn create_key_for_operator(&self, by: &Operator, name: &str, scopes: Vec<KeyScope>) -> Result<NewKey> {
        let name = printable::line(name, "name", limits::KEY_NAME_LENGTH)?;
        if scopes.is_empty() {
            return Err(Error::input("scope", "a key without a scope can do nothing"));
        }
        let (row, key) = new_key(name, KeyScopes::new(scopes), None, self.app.clock.now())?;
        let done = by.record(AuditAction::KeyCreated, key.id).with_detail(row.scopes.as_str());
        self.app.feed.append_recorded(CreateKey { row }, [done]).await?;
        Ok(key)
    }

    /// Revokes a key: servers refuse it within a second. `NotFound` if there is none.
    pub async fn revoke_key_for_operator(&self, by: &Operator, id: KeyId) -> Result<()> {
        self.app.feed.append_recorded(RevokeKey { id }, [by.record(AuditAction::KeyRevoked, id)]).await
    }
}

/// A key and its row.
pub(super) fn new_key(
    name: String,
    scopes: KeyScopes,
    bot: Option<UserId>,
    now: Timestamp,
) -> Result<(server_key::Model, NewKey)> {
    let text = new_text()?;
    let row = server_key::Model {
        id: KeyId::new(),
        name,
        hash: hash(&text).to_vec(),
        scopes: scopes.to_string(),
        bot_id: bot,
        created_at: now,
        last_used_at: None,
    };
    Ok((row.clone(), NewKey { id: row.id, text }))
}

/// There is no room for another key.
pub(super) fn too_many() -> Error {
    Error::input("name", format!("there are {} keys already: revoke one", limits::KEYS))
}

/// 256 random bits.
fn new_text() -> Result<Zeroizing<String>> {
    let mut random = Zeroizing::new([0_u8; 32]);
    getrandom::fill(random.as_mut()).map_err(|error| Error::Internal(error.into()))?;
    let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * random.len()));
    text.push_str(PREFIX);
    for byte in random.iter() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
    }
    Ok(text)
}

struct CreateKey {
    row: server_key::Model,
}

impl Change for CreateKey {
    type Answer = ();
    type Write = server_key::Model;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let there = server_key::Entity::find().count(tx).await?;
        let mut there = usize::try_from(there).unwrap_or(usize::MAX);
        let plan = |change: &Self| {
            if there >= limits::KEYS {
                return Err(too_many());
            }
            there += 1;
            Ok(Plan::Write { write: change.row.clone(), events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<server_key::Model>>) -> Writes<Self> {
        let answers = writes.iter().map(|_| Written::silent(())).collect();
        db::insert(tx, writes.into_iter().map(|placed| placed.write).collect()).await?;
        Ok(answers)
    }
}

struct RevokeKey {
    id: KeyId,
}

impl Change for RevokeKey {
    type Answer = ();
    type Write = KeyId;
    const RANK: Rank = Rank::Endings;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let asked = changes.iter().map(|change| change.id);
        let there = server_key::Entity::find().filter(server_key::Column::Id.is_in(asked)).all(tx).await?;
        let mut there: HashSet<KeyId> = there.into_iter().map(|row| row.id).collect();
        let plan = |change: &Self| match there.remove(&change.id) {
            true => Ok(Plan::Write { write: change.id, events: 0 }),
            false => Err(Error::NotFound),
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<KeyId>>) -> Writes<Self> {
        let ids = writes.iter().map(|placed| placed.write);
        server_key::Entity::delete_many().filter(server_key::Column::Id.is_in(ids)).exec(tx).await?;
        Ok(writes.iter().map(|_| Written::silent(())).collect())
    }
}
