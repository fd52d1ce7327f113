//! Checks that the objects of all images are in a store, and copies them from one to another: for the operator.

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::bookkeeping::object;
use crate::db::{self, Reader};
use crate::entity::{image, image_deletion};
use crate::error::Result;
use crate::id::ImageId;
use crate::limits;
use crate::storage::{Key, Shelf, Store};

/// How an image's object was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectState {
    /// It is in the store.
    Present,
    /// It was copied just now.
    Copied,
    /// It does not exist.
    Missing,
    /// It has another size than it was stored with.
    WrongSize {
        /// Its bytes.
        found: u64,
        /// The bytes that were stored.
        stored: u64,
    },
}

/// Looks up the objects of all images in a store, and calls `each` for every image.
pub(crate) async fn verify(
    reader: &Reader,
    store: &Store,
    each: impl FnMut(ImageId, ObjectState),
) -> anyhow::Result<()> {
    walk(reader, async |image| state_in(store, &image).await.map_err(Into::into), each).await
}

/// Copies the objects of all images that `to` does not have yet, so that an interrupted copy can be continued. Calls `each`
/// for every image.
pub(crate) async fn copy(
    reader: &Reader,
    from: &Store,
    to: &Store,
    each: impl FnMut(ImageId, ObjectState),
) -> anyhow::Result<()> {
    walk(reader, async |image| copy_one(from, to, &image).await, each).await
}

/// Deletes what is not copied: archives of people's own data, and uploads that nobody has sent yet. The list of deletions has
/// all of them, and keeps them, as an interrupted deletion is done again.
pub(crate) async fn delete_uncopied(reader: &Reader, from: &Store) -> anyhow::Result<()> {
    let mut last = String::new();
    loop {
        let page = image_deletion::Entity::find()
            .filter(image_deletion::Column::Key.gt(last))
            .order_by_asc(image_deletion::Column::Key)
            .limit(limits::DELETIONS)
            .all(reader)
            .await?;
        let Some(end) = page.last() else { return Ok(()) };
        last = end.key.clone();
        let keys = page.iter().filter_map(|object| Key::parse(&object.key));
        for key in keys.filter(|key| key.id_of(Shelf::Images).is_none()) {
            from.delete(key).await?;
        }
    }
}

/// Works through all images, some at a time.
async fn walk(
    reader: &Reader,
    work: impl AsyncFn(image::Model) -> anyhow::Result<ObjectState>,
    mut each: impl FnMut(ImageId, ObjectState),
) -> anyhow::Result<()> {
    let mut last = None;
    loop {
        let mut page = image::Entity::find().order_by_asc(image::Column::Id).limit(limits::IMAGE_PAGE);
        if let Some(last) = last {
            page = page.filter(image::Column::Id.gt(last));
        }
        let page = page.all(reader).await?;
        let Some(image) = page.last() else { return Ok(()) };
        last = Some(image.id);
        let states = page.into_iter().map(async |image| (image.id, work(image).await));
        let mut states = std::pin::pin!(stream::iter(states).buffer_unordered(limits::OBJECTS_AT_ONCE));
        while let Some((id, state)) = states.next().await {
            match state? {
                // It may have been deleted meanwhile.
                ObjectState::Missing if image::Entity::find_by_id(id).one(reader).await?.is_none() => {}
                state => each(id, state),
            }
        }
    }
}

async fn state_in(store: &Store, image: &image::Model) -> Result<ObjectState> {
    let stored = stored_bytes(image);
    Ok(match store.size(object(image.id)).await? {
        None => ObjectState::Missing,
        Some(found) if found != stored => ObjectState::WrongSize { found, stored },
        Some(_) => ObjectState::Present,
    })
}

async fn copy_one(from: &Store, to: &Store, image: &image::Model) -> anyhow::Result<ObjectState> {
    if state_in(to, image).await? == ObjectState::Present {
        return Ok(ObjectState::Present);
    }
    match state_in(from, image).await? {
        ObjectState::Present => {}
        other => return Ok(other),
    }
    let (key, stored) = (object(image.id), stored_bytes(image));
    let Some(pieces) = from.read(key, 0..stored).await? else { return Ok(ObjectState::Missing) };
    let whole = pieces.try_fold(BytesMut::new(), |mut whole, piece: Bytes| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    let whole = whole.await.with_context(|| format!("{key} could not be read to its end"))?;
    to.put(key, whole.freeze()).await?;
    Ok(ObjectState::Copied)
}

fn stored_bytes(image: &image::Model) -> u64 {
    db::count(image.stored_bytes)
}
