//! Batched look-ups of one execution: a list costs a fixed number of statements, not one per row.

mod people;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader, NoCache};
use async_graphql::runtime::{Timer, TokioSpawner};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::accounts::{ServerKey, Viewer};
use crate::app::App;
use crate::conversations::{self, KeyReader, KeySight, Members, Membership, Sight};
use crate::db::Db;
use crate::entity::{conversation, image, message};
use crate::error::{Error, Result};
use crate::graphql::error::Failure;
use crate::id::{ConversationId, ImageId, MessageId};
use crate::images;
use crate::messages::{self, ReadUpTo};
use people::{DirectLoader, NotBlockedLoader, PresenceVisibilityLoader, ReachableLoader, UserLoader};

macro_rules! loaders {
    ($($name:ident: $loader:ident = |$loaders:ident| $make:expr;)+) => {
        /// The loaders of one execution, each made when it is used first: most requests use one or two. They batch but do
        /// not cache, so results are never stale.
        pub(super) struct Loaders {
            app: App,
            viewer: Option<Viewer>,
            key: Option<ServerKey>,
            $($name: OnceLock<DataLoader<$loader>>,)+
        }

        impl Loaders {
            /// Loaders for one execution. Without a viewer there are no memberships; a key sees what its scopes say.
            pub(super) fn new(app: &App, viewer: Option<Viewer>, key: Option<ServerKey>) -> Self {
                Self { app: app.clone(), viewer, key, $($name: OnceLock::new(),)+ }
            }

            $(pub(super) fn $name(&self) -> &DataLoader<$loader> {
                let $loaders = self;
                self.$name.get_or_init(|| loader($make))
            })+
        }
    };
}

loaders! {
    users: UserLoader = |all| UserLoader(all.app.clone());
    visible: PresenceVisibilityLoader = |all| PresenceVisibilityLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    not_blocked: NotBlockedLoader = |all| NotBlockedLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    reachable: ReachableLoader = |all| ReachableLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    directs: DirectLoader = |all| DirectLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    images: ImageLoader = |all| ImageLoader(all.app.clone());
    messages: MessageLoader = |all| MessageLoader(all.app.clone());
    conversations: ConversationLoader = |all| ConversationLoader(all.app.clone());
    newest: NewestMessageLoader = |all| NewestMessageLoader(all.app.clone());
    member_counts: MemberCountLoader = |all| MemberCountLoader(all.app.clone());
    first_members: FirstMembersLoader =
        |all| FirstMembersLoader { app: all.app.clone(), viewer: all.viewer.clone(), key: all.key };
    memberships: MembershipLoader = |all| MembershipLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    uncounted: UncountedLoader = |all| UncountedLoader(all.app.clone());
    calls: CallsLoader = |all| CallsLoader { app: all.app.clone(), viewer: all.viewer.clone() };
    own_reactions: OwnReactionsLoader = |all| OwnReactionsLoader { app: all.app.clone(), viewer: all.viewer.clone() };
}

/// Loads one row; `None` if there is none.
pub(super) async fn load<K, L>(loader: &DataLoader<L, NoCache>, key: K) -> Result<Option<L::Value>, Failure>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K, Error = Arc<Error>>,
{
    loader.load_one(key).await.map_err(|error| Failure(unshare(&error)))
}

/// A loader whose rows the database has at once, if it is a file: one by one they cost less than a batch, and a list can
/// be written without waiting (see `written`).
pub(super) trait HotLoader {
    fn db(&self) -> &Db;
}

/// Looks one row up, at once if possible; `None` if there is none.
pub(super) async fn look_up<K, L>(loader: &DataLoader<L, NoCache>, key: K) -> Result<Option<L::Value>, Failure>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K, Error = Arc<Error>> + HotLoader,
{
    let is_ready = loader.loader().db().hot.is_ready();
    let found = is_ready.then(|| loader.loader().load(std::slice::from_ref(&key)).now_or_never()).flatten();
    match found {
        Some(Ok(mut found)) => Ok(found.remove(&key)),
        // An error is reported by the batch, if it is met there too.
        Some(Err(_)) | None => load(loader, key).await,
    }
}

macro_rules! hot_loaders {
    ($($loader:ident.$app:tt),+) => {
        $(impl HotLoader for $loader {
            fn db(&self) -> &Db {
                &self.$app.db
            }
        })+
    };
}

hot_loaders!(
    UserLoader.0,
    NotBlockedLoader.app,
    ReachableLoader.app,
    DirectLoader.app,
    ImageLoader.0,
    MessageLoader.0,
    ConversationLoader.0,
    NewestMessageLoader.0,
    MemberCountLoader.0,
    MembershipLoader.app,
    UncountedLoader.0,
    CallsLoader.app,
    OwnReactionsLoader.app
);

fn loader<L>(loader: L) -> DataLoader<L> {
    DataLoader::new(loader, TokioSpawner::current(), Yield).max_batch_size(1_000)
}

/// Starts a batch when all ready tasks have run, instead of after a time: a lone request would spend most of its time
/// waiting at each level.
struct Yield;

impl Timer for Yield {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

pub(super) struct ImageLoader(App);

impl Loader<ImageId> for ImageLoader {
    type Value = Arc<image::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ImageId]) -> Result<HashMap<ImageId, Self::Value>, Self::Error> {
        index(images::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

pub(super) struct MessageLoader(App);

impl Loader<MessageId> for MessageLoader {
    type Value = Arc<message::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[MessageId]) -> Result<HashMap<MessageId, Self::Value>, Self::Error> {
        index(messages::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

pub(super) struct ConversationLoader(App);

impl Loader<ConversationId> for ConversationLoader {
    type Value = Arc<conversation::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, Self::Value>, Self::Error> {
        index(conversations::by_ids(&self.0, keys), |row| (row.id, Arc::new(row))).await
    }
}

/// The newest message of a conversation, by its id and its `last_seq`.
pub(super) struct NewestMessageLoader(App);

impl Loader<(ConversationId, i32)> for NewestMessageLoader {
    type Value = Arc<message::Model>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[(ConversationId, i32)],
    ) -> Result<HashMap<(ConversationId, i32), Self::Value>, Self::Error> {
        index(messages::newest_of(&self.0, keys), |row| ((row.conversation_id, row.seq), Arc::new(row))).await
    }
}

pub(super) struct MemberCountLoader(App);

impl Loader<ConversationId> for MemberCountLoader {
    type Value = usize;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, usize>, Self::Error> {
        conversations::member_counts(&self.0, keys).await.map_err(Arc::new)
    }
}

/// First pages of members, by conversation and size, of the viewer's conversations, or of all for a key.
pub(super) struct FirstMembersLoader {
    app: App,
    viewer: Option<Viewer>,
    key: Option<ServerKey>,
}

impl Loader<(ConversationId, u32)> for FirstMembersLoader {
    type Value = Members;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[(ConversationId, u32)],
    ) -> Result<HashMap<(ConversationId, u32), Members>, Self::Error> {
        let ids: Vec<ConversationId> = keys.iter().map(|(id, _)| *id).collect();
        let (mut own, mut of_key) = (Vec::new(), Vec::new());
        if let Some(viewer) = &self.viewer {
            own = conversations::memberships_of(&self.app, viewer, &ids).await.map_err(Arc::new)?;
        } else if let Some(key) = self.key.and_then(|key| key.conversations().ok()) {
            let key = KeyReader::Conversations(key);
            of_key = conversations::seen_by_key(&self.app, key, &ids).await.map_err(Arc::new)?;
        }
        let seen: Vec<Sight<'_>> =
            own.iter().map(Membership::sight).chain(of_key.iter().map(KeySight::sight)).collect();
        let mut pages = HashMap::new();
        // A document has one size, or one for each alias.
        for first in keys.iter().map(|(_, first)| *first).collect::<HashSet<_>>() {
            let of_size = conversations::first_members(&self.app, &seen, first).await.map_err(Arc::new)?;
            pages.extend(of_size.into_iter().map(|(id, page)| ((id, first), page)));
        }
        Ok(pages)
    }
}

/// The viewer's own memberships.
pub(super) struct MembershipLoader {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<ConversationId> for MembershipLoader {
    type Value = Arc<Membership>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConversationId]) -> Result<HashMap<ConversationId, Self::Value>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        index(conversations::memberships_of(&self.app, viewer, keys), |row| (row.conversation().id, Arc::new(row)))
            .await
    }
}

/// How many messages after a read mark do not count as unread.
pub(super) struct UncountedLoader(App);

impl Loader<ReadUpTo> for UncountedLoader {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ReadUpTo]) -> Result<HashMap<ReadUpTo, i64>, Self::Error> {
        index(messages::uncounted_after(&self.0, keys), |counted| counted).await
    }
}

/// How many messages after a read mark call the viewer.
pub(super) struct CallsLoader {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<ReadUpTo> for CallsLoader {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ReadUpTo]) -> Result<HashMap<ReadUpTo, i64>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        index(messages::calls_after(&self.app, viewer, keys), |counted| counted).await
    }
}

/// The emoji that the viewer reacted with to a message.
pub(super) struct OwnReactionsLoader {
    app: App,
    viewer: Option<Viewer>,
}

impl Loader<MessageId> for OwnReactionsLoader {
    type Value = Vec<String>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[MessageId]) -> Result<HashMap<MessageId, Vec<String>>, Self::Error> {
        let Some(viewer) = &self.viewer else { return Ok(HashMap::new()) };
        messages::own_reactions(&self.app, viewer, keys).await.map_err(Arc::new)
    }
}

async fn index<R, K: Eq + Hash, V>(
    rows: impl Future<Output = Result<Vec<R>>>,
    entry: impl FnMut(R) -> (K, V),
) -> Result<HashMap<K, V>, Arc<Error>> {
    Ok(rows.await.map_err(Arc::new)?.into_iter().map(entry).collect())
}

/// A failed batch fails every field that waited for it; each needs its own error.
fn unshare(error: &Error) -> Error {
    match error {
        Error::Unavailable { retry_after } => Error::Unavailable { retry_after: *retry_after },
        other => Error::Internal(anyhow::anyhow!("a batched look-up failed: {other:?}")),
    }
}
