//! Archives of what is somebody's own, for themselves.
//!
//! Asking for one makes a record and an address; the archive is made behind it, at a pace that leaves the server to others.
//! It is stored in pieces of one size, where images are, so that whichever node is asked has the same bytes again and
//! again: a download goes on where it broke off. A node that ends leaves its archive to whoever is asked next.

mod archive;
mod contents;
mod objects;
mod read;
mod record;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use archive::ArchiveSink;
pub(crate) use record::erase;

use crate::accounts::Viewer;
use crate::app::App;
use crate::audit::{AuditAction, AuditActor, AuditRecord, Operator};
use crate::db::Tx;
use crate::entity::data_export;
use crate::error::{Error, Result};
use crate::feed::{Answers, Quiet, Rank};
use crate::id::{ExportId, UserId};
use crate::images::{Images, SignedAddress};
use crate::limits;
use crate::storage::Store;
use archive::Archive;
use contents::ExportSource;
use record::{ExportRecord, ExportStep};

/// Archives of people's own data. Clones share the work.
#[derive(Clone)]
pub struct Exports(Arc<Inner>);

struct Inner {
    app: App,
    images: Images,
    store: Store,
    /// Those that are being made here, or wait for it.
    building: Mutex<HashSet<ExportId>>,
    turns: Semaphore,
    /// Notified when one is made.
    built: Notify,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Exports {
    /// Creates the service. Archives are stored where images are.
    pub fn new(app: App, images: Images, store: Store) -> Self {
        Self(Arc::new(Inner {
            app,
            images,
            store,
            building: Mutex::default(),
            turns: Semaphore::new(limits::EXPORTS_AT_ONCE),
            built: Notify::new(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }))
    }

    /// Until the program ends; then it gives up what is being made.
    pub async fn run_background(self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
        self.0.stopping.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Asks for an archive of the viewer's own data, which is made from now on. `RateLimited` while there is one. The
    /// address is that of the request.
    pub async fn ask(&self, viewer: &Viewer, address: IpAddr) -> Result<SignedAddress> {
        let (id, user) = (ExportId::new(), viewer.user());
        let done = AuditRecord::new(AuditActor::User { user, address }, AuditAction::DataExported, user);
        let step = ExportStep::Ask { user, is_limited: self.0.app.config.rate_limits };
        let row = self.0.app.feed.append_recorded(ExportRecord { id, step }, [done]).await?;
        self.build_soon(&row);
        Ok(self.0.images.export_address(id, row.expires_at))
    }

    /// Writes an archive of anybody's data for the operator, while it waits.
    pub(crate) async fn write_for_operator<S: ArchiveSink>(&self, by: &Operator, user: UserId, to: S) -> Result<S> {
        self.0.app.feed.append_recorded(Noted, [by.record(AuditAction::DataExported, user)]).await?;
        let mut archive = Archive::new(to, limits::EXPORT_SENT, self.0.app.clock.now());
        ExportSource { app: &self.0.app, images: &self.0.images, person: user }.write(&mut archive).await?;
        archive.finish().await
    }

    async fn find(&self, id: ExportId) -> Result<Option<data_export::Model>> {
        let app = &self.0.app;
        let row = data_export::Entity::find().filter(data_export::Column::Id.eq(id)).one(&app.db.reader).await?;
        Ok(row.filter(|row| row.expires_at > app.clock.now()))
    }

    /// Makes an archive in the background, unless it is being made, or too many wait here: then whoever fetches it has
    /// it made.
    fn build_soon(&self, row: &data_export::Model) {
        let now = self.0.app.clock.now();
        if row.byte_size.is_some() || (row.building_until > now && row.attempt > 0) || self.0.stopping.is_cancelled() {
            return;
        }
        let (exports, id, user) = (self.clone(), row.id, row.user_id);
        {
            let mut building = self.0.building.lock().unwrap_or_else(PoisonError::into_inner);
            if building.len() >= limits::EXPORTS_WAITING || !building.insert(id) {
                return;
            }
        }
        self.0.tasks.spawn(async move {
            tokio::select! {
                () = exports.0.stopping.cancelled() => {}
                built = exports.build(id, user) => match built {
                    Ok(bytes) => {
                        tracing::info!(event = "export.made", user.id = %user, bytes, "the archive of {user} is made");
                        exports.0.built.notify_waiters();
                    }
                    // It is not wanted any more, or another node makes it.
                    Err(Error::NotFound | Error::Unavailable { .. }) => {}
                    Err(error) => {
                        tracing::warn!(user.id = %user, error = ?error, "the archive of {user} is not made: it is begun anew when it is fetched, in some minutes");
                    }
                },
            }
            exports.0.building.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
    }

    /// Makes an archive and stores it; returns its size.
    async fn build(&self, id: ExportId, user: UserId) -> Result<u64> {
        let Inner { app, images, turns, .. } = &*self.0;
        let _turn = turns.acquire().await.map_err(|_| Error::unavailable())?;
        let row = app.feed.append(ExportRecord { id, step: ExportStep::Claim }).await?;
        let sink =
            StoredPieces { exports: self, id, attempt: row.attempt, pieces: 0, bytes: 0, renewed: app.clock.uptime() };
        let piece = usize::try_from(row.piece_bytes).unwrap_or(limits::EXPORT_PIECE);
        let mut archive = Archive::new(sink, piece, row.created_at);
        ExportSource { app, images, person: user }.write(&mut archive).await?;
        let StoredPieces { attempt, bytes, .. } = archive.finish().await?;
        app.feed.append(ExportRecord { id, step: ExportStep::End { attempt, bytes } }).await?;
        Ok(bytes)
    }
}

/// An archive that is stored piece by piece.
struct StoredPieces<'a> {
    exports: &'a Exports,
    id: ExportId,
    attempt: i32,
    /// How many there are.
    pieces: u32,
    bytes: u64,
    /// The uptime at which it last said that it goes on.
    renewed: std::time::Duration,
}

impl ArchiveSink for StoredPieces<'_> {
    async fn put(&mut self, piece: Bytes) -> Result<()> {
        let Inner { app, store, .. } = &*self.exports.0;
        let step = ExportStep::GoOn { attempt: self.attempt, piece: Some(self.pieces) };
        app.feed.append(ExportRecord { id: self.id, step }).await?;
        self.renewed = app.clock.uptime();
        let size = piece.len() as u64;
        store.put(record::key(self.id, self.attempt, self.pieces), piece).await?;
        self.pieces += 1;
        self.bytes += size;
        Ok(())
    }

    async fn go_on(&mut self) -> Result<()> {
        let app = &self.exports.0.app;
        if app.clock.uptime().saturating_sub(self.renewed) >= limits::EXPORT_RENEWAL {
            let step = ExportStep::GoOn { attempt: self.attempt, piece: None };
            app.feed.append(ExportRecord { id: self.id, step }).await?;
            self.renewed = app.clock.uptime();
        }
        Ok(())
    }
}

/// Nothing but what it is recorded with.
#[derive(Clone)]
struct Noted;

impl Quiet for Noted {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(_: &Tx, all: Vec<Self>) -> Answers<Self> {
        Ok(vec![(); all.len()])
    }
}
