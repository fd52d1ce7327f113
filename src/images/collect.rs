//! Background work: deleting objects that are due, probing the store, and removing files left behind by a crash.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;

use super::bookkeeping::{Note, inbox};
use crate::clock::Timestamp;
use crate::entity::{image_deletion, image_upload};
use crate::error::Result;
use crate::id::UploadId;
use crate::images::Images;
use crate::limits;
use crate::storage::{Key, Shelf};

impl Images {
    /// Cleans up at the start, on request and regularly, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let clock = self.0.app.clock.clone();
        let mut swept: Option<Duration> = None;
        let mut is_place_checked = false;
        loop {
            let uptime = clock.uptime();
            if swept.is_none_or(|swept| uptime - swept >= limits::PURGE_EVERY) {
                swept = Some(uptime);
                self.sweep().await;
            }
            let tidying = async {
                self.0.store.probe().await;
                // A full disk still deletes.
                if self.0.store.ensure_reachable().is_err() {
                    return;
                }
                if !std::mem::replace(&mut is_place_checked, true) {
                    self.check_place().await;
                }
                // The store has logged the error, and what is due stays due.
                while self.0.app.leader.is_here() && self.delete_due().await.is_ok_and(|is_more| is_more) {}
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tidying => {}
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.0.to_delete.notified() => {}
                () = self.0.store.failure() => {}
                () = clock.sleep(limits::STORE_LOOK) => {}
            }
        }
    }

    async fn sweep(&self) {
        if self.0.app.leader.is_here() {
            self.0.app.feed.append_or_drop(Note::SlotsExpired);
        }
        let scratch = self.0.scratch.clone();
        match tokio::task::spawn_blocking(move || scratch.sweep(limits::UPLOAD_UNUSED)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "files left behind by a crash could not be removed"),
            Err(panicked) => tracing::error!(error = %panicked, "removing left-over files panicked"),
        }
    }

    /// Until when the slots among these objects still accept bytes: a presigned PUT can be repeated, even after its
    /// slot was used.
    async fn open_until(&self, objects: &[image_deletion::Model]) -> Result<HashMap<Key, Timestamp>> {
        let app = &self.0.app;
        let keys = objects.iter().filter_map(|object| Key::parse(&object.key));
        let slots = keys.filter_map(|key| key.id_of(Shelf::Inbox)).map(UploadId::from);
        let slots = image_upload::Entity::find()
            .filter(image_upload::Column::Id.is_in(slots))
            .filter(image_upload::Column::ExpiresAt.gt(app.clock.now()))
            .all(&app.db.reader)
            .await?;
        // A request that began in time has a minute to send its bytes.
        Ok(slots.into_iter().map(|slot| (inbox(slot.id), slot.expires_at + limits::UPLOAD_READ)).collect())
    }

    /// Deletes objects that are due, and returns whether there are more.
    async fn delete_due(&self) -> Result<bool> {
        let app = &self.0.app;
        let due = image_deletion::Entity::find()
            .filter(image_deletion::Column::DueAt.lte(app.clock.now()))
            .order_by_asc(image_deletion::Column::DueAt)
            .limit(limits::DELETIONS)
            .all(&app.db.reader)
            .await?;
        let count = due.len();
        let open = self.open_until(&due).await?;
        let (mut gone, mut again, mut tried) = (Vec::with_capacity(count), Vec::new(), Vec::new());
        for object in due {
            match Key::parse(&object.key) {
                Some(key) if self.0.store.delete(key).await.is_err() => {
                    tried.push(object);
                    // If the store is unavailable, each further object would wait for a timeout.
                    break;
                }
                // Deleted again after its address has expired.
                Some(key) if open.contains_key(&key) => again.push((key, open[&key])),
                // A key that can't be parsed names no object.
                Some(_) | None => gone.push(object.key),
            }
        }
        let is_more = tried.is_empty() && count as u64 == limits::DELETIONS;
        if count > 0 {
            app.feed.append(Note::Deleted { gone, again, tried }).await?;
        }
        Ok(is_more)
    }
}
