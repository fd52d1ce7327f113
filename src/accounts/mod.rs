//! Accounts: who people are, how they sign in, and on which devices they are.

mod common_passwords;
mod devices;
mod disable;
mod email;
mod guesses;
mod hasher;
mod live;
mod look;
mod name;
mod new_password;
mod password;
mod people;
mod profile;
mod purge;
mod sessions;
mod sign_in;
mod token;

use std::net::IpAddr;

use moka::sync::Cache;

pub use devices::sessions;
pub use email::Email;
pub use hasher::Hasher;
pub use live::LiveSession;
pub use look::ERASED_NAME;
pub use name::{Name, search_key};
pub use password::Password;
pub use people::{PeopleFilter, by_ids, count, find, find_by_email, list};
pub use profile::{ProfileUpdate, update};
pub use sessions::{Authenticated, Viewer};
pub use sign_in::{Client, NewAccount, SignedIn};
pub use token::Tokens;

use crate::app::App;
use crate::id::{SessionId, UserId};
use crate::limits;
use crate::rates::Rate;

/// Signing in and out, with what that needs to have at hand. Clones share it.
#[derive(Clone)]
pub struct Accounts {
    app: App,
    hasher: std::sync::Arc<Hasher>,
    tokens: std::sync::Arc<Tokens>,
    /// Sessions looked up a moment ago; `None` is one that has ended.
    recent: Cache<SessionId, Option<sessions::CachedSession>>,
    live: std::sync::Arc<live::Live>,
    guesses: std::sync::Arc<guesses::Guesses>,
    /// New accounts, by address.
    sign_ups: std::sync::Arc<Rate<IpAddr>>,
    /// Renewals of sessions, by person.
    renewals: std::sync::Arc<Rate<UserId>>,
    /// What names look like, by their search keys.
    looks: Cache<String, std::sync::Arc<str>>,
}

impl Accounts {
    /// Accounts of this program.
    pub fn new(app: App, hasher: Hasher, tokens: Tokens) -> Self {
        let recent = Cache::builder().expire_after(sessions::SessionCacheExpiry).max_capacity(100_000).build();
        let guesses = guesses::Guesses::new(&app.config, &app.clock).into();
        let sign_ups = Rate::new(&app.config, &app.clock, limits::SIGNUPS).into();
        let renewals = Rate::new(&app.config, &app.clock, limits::RENEWALS).into();
        let (hasher, tokens) = (hasher.into(), tokens.into());
        let (live, looks) = (std::sync::Arc::default(), Cache::new(limits::NAME_LOOKS));
        Self { app, hasher, tokens, recent, live, guesses, sign_ups, renewals, looks }
    }
}
