//! What is looked up of people: their rows, and what the viewer has to do with them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use super::index;
use crate::accounts::{self, Viewer};
use crate::app::App;
use crate::conversations::{self, Membership};
use crate::directory;
use crate::entity::user;
use crate::error::{Error, Result};
use crate::id::UserId;

pub(in crate::graphql) struct UserLoader(pub(super) App);

impl Loader<UserId> for UserLoader {
    type Value = Arc<user::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Self::Value>, Self::Error> {
        index(accounts::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

/// People whose presence the viewer may see, of all who are there.
pub(in crate::graphql) struct PresenceVisibilityLoader {
    pub(super) app: App,
    pub(super) viewer: Option<Viewer>,
}

impl Loader<UserId> for PresenceVisibilityLoader {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, ()>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        people(directory::visible(&self.app, viewer, keys)).await
    }
}

/// People with whom the viewer is in no block.
pub(in crate::graphql) struct NotBlockedLoader {
    pub(super) app: App,
    pub(super) viewer: Option<Viewer>,
}

impl Loader<UserId> for NotBlockedLoader {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, ()>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        people(directory::not_blocked(&self.app, viewer, keys)).await
    }
}

/// People whom the viewer can reach, to write to them.
pub(in crate::graphql) struct ReachableLoader {
    pub(super) app: App,
    pub(super) viewer: Option<Viewer>,
}

impl Loader<UserId> for ReachableLoader {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, ()>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        people(directory::reachable(&self.app, viewer, keys)).await
    }
}

/// The viewer's direct conversations, by the other person.
pub(in crate::graphql) struct DirectLoader {
    pub(super) app: App,
    pub(super) viewer: Option<Viewer>,
}

impl Loader<UserId> for DirectLoader {
    type Value = Arc<Membership>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Self::Value>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        index(conversations::directs_of(&self.app, viewer, keys), |(other, own)| (other, Arc::new(own))).await
    }
}

async fn people(found: impl Future<Output = Result<HashSet<UserId>>>) -> Result<HashMap<UserId, ()>, Arc<Error>> {
    Ok(found.await.map_err(Arc::new)?.into_iter().map(|person| (person, ())).collect())
}
