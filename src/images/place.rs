//! A check at the start whether the images are where the settings say: another place would go unnoticed until somebody
//! opens an image.

use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use super::bookkeeping::object;
use crate::entity::image;
use crate::error::Result;
use crate::images::Images;
use crate::limits;
use crate::storage::Store;

impl Images {
    /// Looks up the newest images, and logs an error if the store has none of them.
    pub(super) async fn check_place(&self) {
        match self.newest_in(&self.0.store).await {
            Ok((count @ 1.., 0)) => self.report_another_place(count).await,
            Ok(_) => {}
            // The store or the database has logged its error, which is another one.
            Err(error) => tracing::debug!(%error, "the newest images could not be looked up"),
        }
    }

    /// How many of the newest images were looked up, and how many the store has.
    async fn newest_in(&self, store: &Store) -> Result<(usize, usize)> {
        let newest = image::Entity::find().order_by_desc(image::Column::Id).limit(limits::NEWEST_IMAGES);
        let newest = newest.all(&self.0.app.db.reader).await?;
        let mut found = 0;
        for image in &newest {
            found += usize::from(store.size(object(image.id)).await?.is_some());
        }
        Ok((newest.len(), found))
    }

    async fn report_another_place(&self, count: usize) {
        let place = self.0.store.place();
        let config = &self.0.app.config;
        let folder = Store::in_folder(config, &self.0.scratch);
        let elsewhere = match &config.s3 {
            None => "if they are in a bucket, set S3_BUCKET again, or bring them here".to_owned(),
            Some(_) => match self.newest_in(&folder).await {
                Ok((_, 1..)) => format!("they are in {}", folder.place()),
                Ok(_) | Err(_) => "if they are in another bucket, set S3_BUCKET again".to_owned(),
            },
        };
        tracing::error!(
            "none of the {count} newest images is in {place}, so they cannot be shown: {elsewhere} (`parlour images verify` \
             looks for all of them, `parlour images copy` brings them from the folder to the bucket or back)"
        );
    }
}
