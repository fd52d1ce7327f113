//! Figures of the moment, read from the parts that know them when somebody asks: for the metrics.

use std::path::Path;
use std::time::{Duration, SystemTime};

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::clock::Clock;
use crate::data_dir;
use crate::entity::{erasure, image_deletion, session, user, webhook};
use crate::error::Result;
use crate::limits;
use crate::program::Program;

/// The name of a gauge, what it is, and its value.
pub type Sample = (&'static str, &'static str, f64);

/// Samples, of which those that the database has to count are taken at intervals.
pub(crate) struct Sampler {
    program: Program,
    counted: tokio::sync::Mutex<Option<(Duration, Vec<Sample>)>>,
}

impl Sampler {
    /// Of a program.
    pub(crate) fn new(program: Program) -> Self {
        Self { program, counted: tokio::sync::Mutex::default() }
    }

    /// What is known now. If the database does not answer, what it would count is missing.
    pub(crate) async fn samples(&self) -> Vec<Sample> {
        let app = &self.program.app;
        let head = app.feed.head().position;
        let indexed = self.program.search.indexed().unwrap_or(head);
        let yes = |is: bool| f64::from(u8::from(is));
        let mut samples = vec![
            ("feed_position", "The position of the newest event that this node has", number(head)),
            ("feed_queue", "Changes that are queued or being written", count(app.feed.queued())),
            ("writable", "Whether changes can be written: 1, or 0 after a failed batch", yes(app.feed.can_write())),
            ("search_lag_events", "Events that the search index is behind", number((head - indexed).max(0))),
            (
                "images_available",
                "Whether images can be stored and read",
                yes(self.program.images.is_store_available()),
            ),
            ("nodes_heard", "Whether this node hears the others", yes(app.bus.hears())),
            ("leader", "Whether this node does what only one has to do", yes(app.leader.is_here())),
            ("users_online", "People who are online, on any node", count(self.program.presence.online_count())),
        ];
        if let Some(free) = free_bytes(&app.config.data_dir) {
            samples.push(("data_dir_free_bytes", "Free space on the disk of DATA_DIR", free));
        }
        // PostgreSQL is backed up by its own tools.
        if app.config.database.file().is_some() {
            let at = last_backup(&data_dir::last_backup_file(&app.config));
            samples.push(("last_backup_timestamp_seconds", "When the last backup was taken; 0 if none was", at));
        }
        let (connections, busy) = app.db.read_connections();
        samples.push(("read_connections", "Connections that read", whole(u64::from(connections))));
        samples.push(("read_connections_busy", "Of them, those that are in use", whole(u64::from(busy))));
        samples.extend(self.counted(&app.clock).await);
        samples
    }

    async fn counted(&self, clock: &Clock) -> Vec<Sample> {
        let mut kept = self.counted.lock().await;
        if let Some((at, samples)) = kept.as_ref()
            && clock.uptime().saturating_sub(*at) < limits::SAMPLES_KEPT
        {
            return samples.clone();
        }
        match count_all(&self.program).await {
            Ok(samples) => {
                *kept = Some((clock.uptime(), samples.clone()));
                samples
            }
            Err(error) => {
                tracing::debug!(error = %error, "some metrics could not be read: {error}");
                Vec::new()
            }
        }
    }
}

/// What the database has to count.
pub async fn count_all(program: &Program) -> Result<Vec<Sample>> {
    let db = &program.app.db;
    let reader = &db.reader;
    let people = user::Entity::find().filter(user::Column::DeletedAt.is_null());
    let disabled = people.clone().filter(user::Column::DisabledAt.is_not_null()).count(reader).await?;
    // What may still be uploaded, or is kept for a while, is listed with a time to come.
    let due = image_deletion::Entity::find().filter(image_deletion::Column::DueAt.lte(program.app.clock.now()));
    let webhooks = webhook::Entity::find().all(reader).await?;
    let newest = program.app.feed.newest().await?.position;
    let lag = webhooks.iter().filter(|row| row.paused_at.is_none()).map(|row| newest - row.position).max();
    Ok(vec![
        ("database_bytes", "The size of the database", number(db.bytes().await?)),
        ("users", "Accounts that are not erased", whole(people.count(reader).await?)),
        ("users_disabled", "Of them, those that are disabled", whole(disabled)),
        ("sessions", "Sessions that have not been deleted", whole(session::Entity::find().count(reader).await?)),
        (
            "erasures_pending",
            "Erased accounts whose texts are being cleared",
            whole(erasure::Entity::find().count(reader).await?),
        ),
        (
            "image_deletions_pending",
            "Objects in the images' storage that are due to be deleted",
            whole(due.count(reader).await?),
        ),
        (
            "webhooks_paused",
            "Webhooks that are paused",
            count(webhooks.iter().filter(|row| row.paused_at.is_some()).count()),
        ),
        ("webhooks_lag_events", "Events that the slowest webhook is behind", number(lag.unwrap_or(0).max(0))),
        ("nodes", "Nodes whose lease has not run out", count(nodes(program).await?)),
    ])
}

async fn nodes(program: &Program) -> Result<usize, sea_orm::DbErr> {
    if !program.app.db.is_shared() {
        return Ok(1);
    }
    let (nodes, _) = program.app.db.nodes().await?;
    Ok(nodes.iter().filter(|node| node.expires_in > 0).count())
}

/// In seconds since 1970.
fn last_backup(file: &Path) -> f64 {
    let time = std::fs::metadata(file).and_then(|file| file.modified()).ok();
    let since_1970 = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since_1970.map_or(0.0, |time| whole(time.as_secs()))
}

fn free_bytes(folder: &Path) -> Option<f64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(whole(disk.f_bavail) * whole(disk.f_frsize))
}

fn count(value: usize) -> f64 {
    whole(u64::try_from(value).unwrap_or(u64::MAX))
}

fn whole(value: u64) -> f64 {
    value as f64
}

fn number(value: i64) -> f64 {
    whole(u64::try_from(value).unwrap_or(0))
}
