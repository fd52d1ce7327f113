//! The room that all images of the server may take together, where the operator has set it.

use std::time::Duration;

use sea_orm::{EntityTrait, QuerySelect};
use tokio::sync::Mutex;

use super::quota::total;
use crate::db;
use crate::entity::image;
use crate::error::{Error, Result};
use crate::images::Images;
use crate::limits;

/// The bytes of all images, as they were summed up last, and what this node has stored since.
#[derive(Debug, Default)]
pub(super) struct StoredTotal(Mutex<Option<(Duration, u64)>>);

impl Images {
    /// Fails if the room is used up. The sum is up to [`limits::IMAGE_TOTAL_KEPT`] old, so it may be exceeded by what nodes
    /// store meanwhile, and by one image each.
    pub(super) async fn has_room(&self) -> Result<()> {
        let app = &self.0.app;
        let Some(most) = app.config.image_storage else { return Ok(()) };
        let mut kept = self.0.total.0.lock().await;
        let now = app.clock.uptime();
        let used = match *kept {
            Some((at, used)) if now.saturating_sub(at) < limits::IMAGE_TOTAL_KEPT => used,
            Some(_) | None => {
                let sum = image::Entity::find().select_only().column_as(total(image::Column::StoredBytes), "bytes");
                let sum = sum.into_tuple::<Option<i64>>().one(&app.db.reader).await?.flatten();
                let used = sum.map_or(0, db::count);
                *kept = Some((now, used));
                used
            }
        };
        if used < most {
            return Ok(());
        }
        Err(Error::ImageTooLarge("the images of this server use all of the room that its operator gave them".into()))
    }

    /// An image was stored.
    pub(super) async fn count_stored(&self, bytes: i64) {
        if let Some((_, used)) = self.0.total.0.lock().await.as_mut() {
            *used = used.saturating_add(db::count::<u64, _>(bytes));
        }
    }
}
