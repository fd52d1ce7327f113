//! Batched look-ups of one execution: a list costs a fixed number of statements, not one a row.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader, NoCache};
use async_graphql::runtime::{Timer, TokioSpawner};
use futures_util::future::BoxFuture;

use crate::accounts::{self, Viewer};
use crate::app::App;
use crate::conversations::{self, Members, Membership};
use crate::directory;
use crate::entity::{conversation, image, message, user};
use crate::error::{Error, Result};
use crate::graphql::error::Failure;
use crate::id::{ConversationId, ImageId, MessageId, UserId};
use crate::images;
use crate::messages;

/// The loaders of one execution. They batch and do not remember: what they give is never stale.
pub struct Loaders {
    pub(super) users: DataLoader<Users>,
    pub(super) visible: DataLoader<Visible>,
    pub(super) images: DataLoader<Images>,
    pub(super) messages: DataLoader<Messages>,
    pub(super) conversations: DataLoader<Conversations>,
    pub(super) newest: DataLoader<Newest>,
    pub(super) member_counts: DataLoader<MemberCounts>,
    pub(super) first_members: DataLoader<FirstMembers>,
    pub(super) memberships: DataLoader<Memberships>,
}

impl Loaders {
    /// Loaders for one execution. Without a viewer nobody is a member of anything.
    pub(super) fn new(app: &App, viewer: Option<Viewer>) -> Self {
        Self {
            users: loader(Users(app.clone())),
            visible: loader(Visible { app: app.clone(), viewer: viewer.clone() }),
            images: loader(Images(app.clone())),
            messages: loader(Messages(app.clone())),
            conversations: loader(Conversations(app.clone())),
            newest: loader(Newest(app.clone())),
            member_counts: loader(MemberCounts(app.clone())),
            first_members: loader(FirstMembers { app: app.clone(), viewer: viewer.clone() }),
            memberships: loader(Memberships { app: app.clone(), viewer }),
        }
    }
}

/// Loads one thing, or `None` where there is none.
pub(super) async fn load<K, L>(loader: &DataLoader<L, NoCache>, key: K) -> Result<Option<L::Value>, Failure>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K, Error = Arc<Error>>,
{
    loader.load_one(key).await.map_err(|error| Failure(unshare(&error)))
}

fn loader<L>(loader: L) -> DataLoader<L> {
    DataLoader::new(loader, TokioSpawner::current(), Yield).max_batch_size(1_000)
}

/// Waits until everything that is ready has run, and not for a tick of the clock: a lone request would spend most
/// of its time waiting for one at each level.
struct Yield;

impl Timer for Yield {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

pub(super) struct Users(App);

impl Loader<UserId> for Users {
    type Value = Arc<user::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Self::Value>, Self::Error> {
        index(accounts::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

/// Those whose presence the viewer sees.
pub(super) struct Visible {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<UserId> for Visible {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, ()>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        let visible = directory::visible(&self.app, viewer, keys).await.map_err(Arc::new)?;
        Ok(visible.into_iter().map(|person| (person, ())).collect())
    }
}

pub(super) struct Images(App);

impl Loader<ImageId> for Images {
    type Value = Arc<image::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ImageId]) -> Result<HashMap<ImageId, Self::Value>, Self::Error> {
        index(images::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

pub(super) struct Messages(App);

impl Loader<MessageId> for Messages {
    type Value = Arc<message::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[MessageId]) -> Result<HashMap<MessageId, Self::Value>, Self::Error> {
        index(messages::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

pub(super) struct Conversations(App);

impl Loader<ConversationId> for Conversations {
    type Value = Arc<conversation::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, Self::Value>, Self::Error> {
        index(conversations::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

/// The newest message of a conversation, by its id and its `last_seq`.
pub(super) struct Newest(App);

impl Loader<(ConversationId, i32)> for Newest {
    type Value = Arc<message::Model>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[(ConversationId, i32)],
    ) -> Result<HashMap<(ConversationId, i32), Self::Value>, Self::Error> {
        index(messages::newest_of(&self.0, keys), |row| ((row.conversation_id, row.seq), Arc::new(row))).await
    }
}

pub(super) struct MemberCounts(App);

impl Loader<ConversationId> for MemberCounts {
    type Value = usize;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, usize>, Self::Error> {
        let counts = conversations::member_counts(&self.0.db.reader, keys.iter().copied()).await;
        counts.map_err(|error| Arc::new(error.into()))
    }
}

/// First pages of members, by the conversation and the size, of conversations that the viewer is in.
pub(super) struct FirstMembers {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<(ConversationId, u32)> for FirstMembers {
    type Value = Members;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[(ConversationId, u32)],
    ) -> Result<HashMap<(ConversationId, u32), Members>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        let ids: Vec<ConversationId> = keys.iter().map(|(id, _)| *id).collect();
        let own = conversations::memberships_of(&self.app, viewer, &ids).await.map_err(Arc::new)?;
        let mut pages = HashMap::new();
        // A document asks for one size, or for one by each alias.
        for first in keys.iter().map(|(_, first)| *first).collect::<HashSet<_>>() {
            let of_size = conversations::first_members(&self.app, &own, first).await.map_err(Arc::new)?;
            pages.extend(of_size.into_iter().map(|(id, page)| ((id, first), page)));
        }
        Ok(pages)
    }
}

/// The viewer's own memberships.
pub(super) struct Memberships {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<ConversationId> for Memberships {
    type Value = Arc<Membership>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, Self::Value>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        index(conversations::memberships_of(&self.app, viewer, keys), |row| (row.conversation().id, Arc::new(row)))
            .await
    }
}

async fn index<R, K: Eq + Hash, V>(
    rows: impl Future<Output = Result<Vec<R>>>,
    entry: impl FnMut(R) -> (K, V),
) -> Result<HashMap<K, V>, Arc<Error>> {
    Ok(rows.await.map_err(Arc::new)?.into_iter().map(entry).collect())
}

/// One failed batch fails every field that waited for it; each gets an error of its own.
fn unshare(error: &Error) -> Error {
    match error {
        Error::Unavailable { retry_after } => Error::Unavailable { retry_after: *retry_after },
        other => Error::Internal(anyhow::anyhow!("a batched look-up failed: {other:?}")),
    }
}
