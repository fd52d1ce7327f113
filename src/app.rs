//! What every rule stands on: the database, the feed, the time and the settings.

use std::ops::Deref;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::feed::Feed;
use crate::rates::Rates;

/// The program, without any rule of chat. Clones share everything.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the program is made of.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The time of day.
    pub clock: Clock,
    /// For reading; what writes goes through the feed.
    pub db: Db,
    /// The feed.
    pub feed: Feed,
    /// How often people may do what.
    pub rates: Arc<Rates>,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
