//! People of an app that has users and a login of its own.
//!
//! A person is the pair of an issuer and an id, and never an e-mail address. The app's backend makes people with a key
//! ([`upsert`]), or their first token does ([`arrive`]). A token is as good as a session while it lives, but there is no
//! session of it: what ends the tokens of a person is a moment, before which all that were issued are refused.

mod arrive;
mod claims;
mod external_id;
mod issuer;
mod key_set;
mod sign_in;
mod sign_out;
mod upsert;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonwebtoken::Header;
use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::app::App;
use crate::clock::{Clock, Timestamp};
use crate::config::{AppTokenKey, AppTokens};
use crate::entity::user;
use crate::error::Result;
use crate::id::UserId;
use crate::limits;
use claims::{AppToken, AppTokenError};
pub use external_id::ExternalId;
use issuer::Issuer;
use key_set::KeySet;
pub use upsert::{AppPerson, FieldUpdate};

/// The issuer, and what was read of its people a moment ago.
pub(super) struct AppIssuer {
    settings: AppTokens,
    keys: KeySource,
    people: Cache<String, AppPersonState>,
    /// People whose tokens were ended a moment ago: what is cached of them is not believed.
    ended: Cache<UserId, Timestamp>,
}

enum KeySource {
    Fixed(Arc<KeySet>),
    Fetched(Issuer),
}

/// What decides whether a person's tokens count.
#[derive(Clone, Debug)]
struct AppPersonState {
    user: UserId,
    issuer: Option<String>,
    is_closed: bool,
    tokens_from: Option<Timestamp>,
}

impl From<user::Model> for AppPersonState {
    fn from(row: user::Model) -> Self {
        let is_closed = row.deleted_at.is_some() || row.disabled_at.is_some();
        Self { user: row.id, issuer: row.external_issuer, is_closed, tokens_from: row.tokens_from }
    }
}

impl AppPersonState {
    /// Whether a token was issued before the person's tokens were ended. Of the second in which that was, all count as
    /// issued before.
    fn has_ended(&self, issued: Timestamp) -> bool {
        self.tokens_from.is_some_and(|from| issued < from)
    }
}

impl AppIssuer {
    pub(super) fn new(settings: &AppTokens, clock: &Clock) -> anyhow::Result<Self> {
        super::signatures::install();
        let keys = match &settings.key {
            AppTokenKey::Fetched(address) => KeySource::Fetched(Issuer::new(address.clone(), clock.clone())?),
            AppTokenKey::Public(key) => KeySource::Fixed(Arc::new(KeySet::public(key))),
            AppTokenKey::Shared(secret) => KeySource::Fixed(Arc::new(KeySet::shared(secret))),
        };
        let people = Cache::builder().time_to_live(limits::SESSION_CACHE).max_capacity(limits::APP_PEOPLE).build();
        let ended = Cache::builder().time_to_live(limits::SESSION_CACHE).max_capacity(limits::APP_PEOPLE).build();
        Ok(Self { settings: settings.clone(), keys, people, ended })
    }

    /// What a token says, if it is one of the issuer's. Fails only if the keys can't be fetched.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Result<AppToken, AppTokenError>> {
        let header: Header = match claims::header(token) {
            Ok(header) => header,
            Err(error) => return Ok(Err(error)),
        };
        let verify = |keys: &KeySet| claims::verify(token, &header, keys, &self.settings, now);
        let issuer = match &self.keys {
            KeySource::Fixed(keys) => return Ok(verify(keys)),
            KeySource::Fetched(issuer) => issuer,
        };
        let keys = issuer.keys(header.kid.as_deref()).await?;
        let verified = verify(&keys);
        // A key without a name may have been replaced by another one without a name.
        let is_named = header.kid.as_deref().is_some_and(|kid| keys.names(kid));
        if is_named || !matches!(verified, Err(AppTokenError::Unsigned(_))) {
            return Ok(verified);
        }
        Ok(issuer.other_keys(&keys).await.map_or(verified, |other| verify(&other)))
    }

    /// The state of the person with this id; `None` if there is none.
    async fn person(&self, app: &App, id: &ExternalId) -> Result<Option<AppPersonState>> {
        let cached = self.people.get(id.as_str()).filter(|known| !self.ended.contains_key(&known.user));
        if cached.is_some() {
            return Ok(cached);
        }
        let _turn = app.db.turn().await;
        let found = find(app, id).await?.map(AppPersonState::from);
        if let Some(found) = &found {
            self.people.insert(id.as_str().to_owned(), found.clone());
        }
        Ok(found)
    }
}

/// The person with this id in the app's backend, including an erased one.
pub async fn find(app: &App, id: &ExternalId) -> Result<Option<user::Model>> {
    let with_it = user::Entity::find().filter(user::Column::ExternalId.eq(id.as_str()));
    Ok(with_it.one(&app.db.reader).await?)
}
