//! What every slice uses: the database, the feed, the clock and the settings.

use std::ops::Deref;
use std::sync::Arc;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::feed::Feed;
use crate::leader::Leader;
use crate::rates::Rates;

/// The parts of the program below the slices. Clones share everything.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The clock.
    pub clock: Clock,
    /// For reading; writes go through the feed.
    pub db: Db,
    /// The feed.
    pub feed: Feed,
    /// What nodes let each other know.
    pub bus: Bus,
    /// Which node does what only one has to do.
    pub leader: Leader,
    /// Rate limits.
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
