//! Accounts: people, passwords, signing in, and sessions. A [`Viewer`] comes out of here only.

mod common_passwords;
mod devices;
mod disable;
mod email;
mod external;
mod guesses;
mod hasher;
mod identify;
mod keys;
mod live;
mod look;
mod name;
mod name_fill;
mod name_parts;
mod new_password;
mod new_place;
mod password;
mod purge;
mod roles;
mod sessions;
mod shared_rates;
mod sign_in;
mod signatures;
mod token;

use moka::sync::Cache;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub use devices::{sessions, sessions_for_operator};
pub use email::Email;
pub use external::{AppPerson, ExternalId, FieldUpdate, find as find_by_external_id};
pub use hasher::Hasher;
pub use identify::Bearer;
pub use keys::{ConversationsKey, KeyScope, MessagesKey, NewKey, ServerKey, UsersKey, keys};
pub use live::{LiveSession, SessionEnd};
pub use look::ERASED_NAME;
pub use name::{Name, search_key};
pub use name_parts::{NameSearch, remove as remove_name_parts, write as write_name_parts};
pub use password::Password;
pub use roles::{Moderator, is_moderator, moderator, roles_for_operator, server_roles};
pub use sessions::{Authenticated, Viewer};
pub use sign_in::{Client, NewAccount, SignedIn};
pub use token::Tokens;

use crate::app::App;
use crate::entity::user;
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::limits;
use crate::page::Page;
use crate::rates::Rate;
use shared_rates::SharedRates;

/// Signing in and out, and the state it needs. Clones share it.
#[derive(Clone)]
pub struct Accounts {
    app: App,
    hasher: std::sync::Arc<Hasher>,
    tokens: std::sync::Arc<Tokens>,
    /// Recently read sessions; `None` is one that has ended.
    recent: Cache<SessionId, Option<sessions::CachedSession>>,
    live: std::sync::Arc<live::Live>,
    guesses: std::sync::Arc<guesses::Guesses>,
    /// The rates of passwords and new accounts.
    rates: std::sync::Arc<SharedRates>,
    /// The rate of session renewals, by person.
    renewals: std::sync::Arc<Rate<UserId>>,
    keys: std::sync::Arc<keys::KeyRing>,
    /// The issuer of the app's tokens, if the app has users of its own.
    app_issuer: Option<std::sync::Arc<external::AppIssuer>>,
    /// The looks of names, by search key.
    looks: Cache<String, std::sync::Arc<str>>,
}

impl Accounts {
    /// Creates the accounts service. All nodes of a database have the same secret.
    pub fn new(app: App, hasher: Hasher, tokens: Tokens, secret: &[u8]) -> anyhow::Result<Self> {
        let issuer = |settings| external::AppIssuer::new(settings, &app.clock);
        let app_issuer = app.config.app_tokens.as_ref().map(issuer).transpose()?.map(std::sync::Arc::new);
        let recent = Cache::builder().expire_after(sessions::SessionCacheExpiry).max_capacity(100_000).build();
        let rates = SharedRates::new(&app.config, &app.clock, &app.db, &app.feed, secret);
        let rates = std::sync::Arc::new(rates);
        let guesses = guesses::Guesses::new(rates.clone(), app.config.logins_per_hour).into();
        let renewals = Rate::new(&app.config, &app.clock, limits::RENEWALS).into();
        let (hasher, tokens) = (hasher.into(), tokens.into());
        let (live, keys) = (std::sync::Arc::default(), std::sync::Arc::default());
        let looks = Cache::new(limits::NAME_LOOKS);
        Ok(Self { app, hasher, tokens, recent, live, guesses, rates, renewals, keys, app_issuer, looks })
    }
}

/// A person by id, including erased people.
pub async fn find(app: &App, id: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(id).one(&app.db.reader).await?)
}

/// All accounts for the operator, the oldest first, erased ones too. `after` is the last one of the page before.
pub async fn page_for_operator(app: &App, first: u32, after: Option<UserId>) -> Result<Page<user::Model>> {
    let all = user::Entity::find().order_by_asc(user::Column::Id).limit(u64::from(first) + 1);
    let page = match after {
        Some(after) => all.filter(user::Column::Id.gt(after)),
        None => all,
    };
    Ok(Page::cut(page.all(&app.db.reader).await?, first, after.is_some()))
}

/// A person by e-mail address.
pub async fn find_by_email(app: &App, email: &Email) -> Result<Option<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email.as_str())).one(&app.db.reader).await?)
}

/// People by id, in no particular order.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<user::Model>> {
    if let Some(people) = app.db.hot.users_by_ids(ids) {
        return Ok(people);
    }
    Ok(user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(&app.db.reader).await?)
}
