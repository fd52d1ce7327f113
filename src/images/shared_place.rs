//! Nodes on one database share the storage of their images: the database remembers which one it is. Otherwise an image
//! that one node has taken would be missing on the others.

use anyhow::Context;
use sea_orm::EntityTrait;

use crate::app::App;
use crate::db;
use crate::entity::image_place::{Column, Entity, Model};
use crate::images::Images;
use crate::storage::Store;

/// The only row.
const ROW: i16 = 1;

impl Images {
    /// Fails if the images of the database are in another place than those of this node. The first node decides.
    pub async fn ensure_place(&self) -> anyhow::Result<()> {
        let (app, store) = (&self.0.app, &self.0.store);
        if !app.db.is_shared() {
            return Ok(());
        }
        let known = match find(app).await? {
            Some(known) => known,
            None => {
                let ours = Model { id: ROW, place: mark(store).await? };
                // Of nodes that start at once, the first one decides.
                let set = db::insert_if_new(&app.db.reader, ours).await;
                set.map_err(db::in_a_line).context("where the images are could not be written")?;
                find(app).await?.context("the database has forgotten where its images are")?
            }
        };
        let ours = identity(store).await?;
        anyhow::ensure!(
            ours.as_ref() == Some(&known.place),
            "the images of the database {} are in {}, and this node has {}: all nodes share one folder `images` in DATA_DIR, \
             or one bucket (after a move, `parlour images copy` updates the database)",
            app.config.database,
            known.place,
            ours.unwrap_or_else(|| format!("the folder {}, which has no id", store.place()))
        );
        Ok(())
    }
}

/// Makes this the place of all images, after they were copied there.
pub(crate) async fn move_to(app: &App, store: &Store) -> anyhow::Result<()> {
    if !app.db.is_shared() {
        return Ok(());
    }
    let row = Model { id: ROW, place: mark(store).await? };
    let moved = db::upsert(&app.db.reader, vec![row], [Column::Place]).await;
    moved.map_err(db::in_a_line).context("where the images are could not be written")
}

async fn find(app: &App) -> anyhow::Result<Option<Model>> {
    let found = Entity::find_by_id(ROW).one(&app.db.reader).await;
    found.map_err(db::in_a_line).context("where the images are could not be read")
}

async fn mark(store: &Store) -> anyhow::Result<String> {
    store.mark().await.with_context(|| format!("{} could not be given an id", store.place()))
}

async fn identity(store: &Store) -> anyhow::Result<Option<String>> {
    store.identity().await.with_context(|| format!("the id of {} could not be read", store.place()))
}
