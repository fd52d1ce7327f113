//! Keeps a worker for each webhook, on the node that leads.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Webhooks;
use super::worker::Worker;
use crate::entity::webhook::{self, Column};
use crate::id::WebhookId;
use crate::limits;

impl Webhooks {
    /// Sends what there is to send while this node leads, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let leader = self.app().leader.clone();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = leader.comes_here() => {}
            }
            let (workers, stop) = (TaskTracker::new(), CancellationToken::new());
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = leader.is_elsewhere() => {}
                () = self.keep_working(&workers, &stop) => {}
            }
            stop.cancel();
            workers.close();
            // Each ends within the time for what is under way.
            workers.wait().await;
        }
    }

    /// Starts workers for webhooks that have none. Those of webhooks that were paused or removed end by themselves.
    async fn keep_working(&self, workers: &TaskTracker, stop: &CancellationToken) {
        let mut running: HashMap<WebhookId, JoinHandle<()>> = HashMap::new();
        loop {
            running.retain(|_, worker| !worker.is_finished());
            let active = webhook::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::PausedAt.is_null())
                .into_tuple::<WebhookId>()
                .all(&self.app().db.reader)
                .await;
            match active {
                Ok(active) => {
                    for id in active {
                        let begin = || workers.spawn(Worker::new(self.clone(), id).run(stop.clone()));
                        running.entry(id).or_insert_with(begin);
                    }
                }
                Err(error) => tracing::debug!(error = %error, "webhooks could not be read, it is tried again"),
            }
            tokio::time::sleep(limits::WEBHOOK_LOOK).await;
        }
    }
}
