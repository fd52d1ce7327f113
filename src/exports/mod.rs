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

    /// Asks for an archive of the viewer's own data, which is made from now on. While there is one that they can fetch, it is
    /// the same again, as somebody who has lost the answer needs it. The address is that of the request.
    pub async fn ask(&self, viewer: &Viewer, address: IpAddr) -> Result<SignedAddress> {
        let (user, is_limited) = (viewer.user(), self.0.app.config.rate_limits);
        if let Some(row) = self.current(user).await?.filter(|_| is_limited) {
            return Ok(self.signed(&row));
        }
        let done = AuditRecord::new(AuditActor::User { user, address }, AuditAction::DataExported, user);
        let session = viewer.has_session().then(|| viewer.session());
        let step = ExportStep::Ask { user, session, is_limited };
        let asked = self.0.app.feed.append_recorded(ExportRecord { id: ExportId::new(), step }, [done]).await;
        let row = match asked {
            // Asked for twice at once.
            Err(refused @ Error::RateLimited { .. }) => self.current(user).await?.ok_or(refused)?,
            asked => asked?.ok_or(Error::NotFound)?,
        };
        Ok(self.signed(&row))
    }

    /// The address of an archive, which is made from now on if it is not.
    fn signed(&self, row: &data_export::Model) -> SignedAddress {
        self.build_soon(row);
        self.0.images.export_address(row.id, row.expires_at)
    }

    /// Writes an archive of anybody's data for the operator, while it waits.
    pub(crate) async fn write_for_operator<S: ArchiveSink>(&self, by: &Operator, user: UserId, to: S) -> Result<S> {
        self.0.app.feed.note(by.record(AuditAction::DataExported, user)).await?;
        let mut archive = Archive::new(to, limits::EXPORT_SENT, self.0.app.clock.now());
        ExportSource { app: &self.0.app, images: &self.0.images, person: user }.write(&mut archive).await?;
        archive.finish().await
    }

    /// The archive of an address, while that is good.
    async fn find(&self, id: ExportId) -> Result<Option<data_export::Model>> {
        let row = data_export::Entity::find().filter(data_export::Column::Id.eq(id));
        self.open(row.one(&self.0.app.db.reader).await?).await
    }

    /// The archive of somebody that they can fetch.
    async fn current(&self, user: UserId) -> Result<Option<data_export::Model>> {
        let row = data_export::Entity::find_by_id(user).one(&self.0.app.db.reader).await?;
        self.open(row).await
    }

    async fn open(&self, row: Option<data_export::Model>) -> Result<Option<data_export::Model>> {
        let (app, now) = (&self.0.app, self.0.app.clock.now());
        let Some(row) = row.filter(|row| row.expires_at > now) else { return Ok(None) };
        let open = record::open_to(&app.db.reader, std::slice::from_ref(&row), now).await?;
        Ok(open.contains(&row.user_id).then_some(row))
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
                    Ok(Some(bytes)) => {
                        tracing::info!(event = "export.made", user.id = %user, bytes, "the archive of {user} is made");
                        exports.0.built.notify_waiters();
                    }
                    // Another node makes it, or it is not wanted any more.
                    Ok(None) | Err(Error::NotFound) => {}
                    Err(error) => {
                        tracing::warn!(user.id = %user, error = ?error, "the archive of {user} is not made: it is begun anew when it is fetched, in some minutes");
                    }
                },
            }
            exports.0.building.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
    }

    /// Makes an archive and stores it; returns its size, or `None` if another node makes it.
    async fn build(&self, id: ExportId, user: UserId) -> Result<Option<u64>> {
        let Inner { app, images, turns, .. } = &*self.0;
        let _turn = turns.acquire().await.map_err(|_| Error::unavailable())?;
        let claimed = app.feed.append(ExportRecord { id, step: ExportStep::Claim }).await?;
        let Some(row) = claimed else { return Ok(None) };
        let (attempt, renewed) = (row.attempt, app.clock.uptime());
        let sink = StoredPieces { exports: self, id, attempt, begun: 0, pieces: 0, bytes: 0, renewed };
        let piece = usize::try_from(row.piece_bytes).unwrap_or(limits::EXPORT_PIECE);
        let mut archive = Archive::new(sink, piece, row.created_at);
        ExportSource { app, images, person: user }.write(&mut archive).await?;
        let mut stored = archive.finish().await?;
        stored.step(ExportStep::End { attempt, bytes: stored.bytes }).await?;
        Ok(Some(stored.bytes))
    }
}

/// An archive that is stored piece by piece.
struct StoredPieces<'a> {
    exports: &'a Exports,
    id: ExportId,
    attempt: i32,
    /// How many were begun to be written.
    begun: u32,
    /// How many there are.
    pieces: u32,
    bytes: u64,
    /// The uptime at which it last said that it goes on.
    renewed: std::time::Duration,
}

impl StoredPieces<'_> {
    /// Records a step. If nobody wants the archive any more, the piece that was written last goes: it may have been deleted
    /// before it was there.
    async fn step(&mut self, step: ExportStep) -> Result<()> {
        let Inner { app, store, .. } = &*self.exports.0;
        let done = app.feed.append(ExportRecord { id: self.id, step }).await;
        if let (Err(Error::NotFound), Some(last)) = (&done, self.begun.checked_sub(1)) {
            store.delete(record::key(self.id, self.attempt, last)).await?;
        }
        done?;
        self.renewed = app.clock.uptime();
        Ok(())
    }
}

impl ArchiveSink for StoredPieces<'_> {
    async fn put(&mut self, piece: Bytes) -> Result<()> {
        let store = &self.exports.0.store;
        let size = piece.len() as u64;
        let mut tries = 1;
        loop {
            self.step(ExportStep::GoOn { attempt: self.attempt, piece: Some(self.pieces) }).await?;
            self.begun = self.pieces + 1;
            match store.put(record::key(self.id, self.attempt, self.pieces), piece.clone()).await {
                Err(Error::Unavailable { .. }) if tries < limits::EXPORT_TRIES => {}
                written => {
                    written?;
                    break;
                }
            }
            tries += 1;
            tokio::time::sleep(limits::EXPORT_PAUSE).await;
        }
        self.pieces += 1;
        self.bytes += size;
        Ok(())
    }

    async fn go_on(&mut self) -> Result<()> {
        let uptime = self.exports.0.app.clock.uptime();
        if uptime.saturating_sub(self.renewed) >= limits::EXPORT_RENEWAL {
            self.step(ExportStep::GoOn { attempt: self.attempt, piece: None }).await?;
        }
        Ok(())
    }
}

/// Forgets all archives, which are deleted when the images move: their owners ask for others.
pub(crate) async fn forget_all(app: &App) -> Result<()> {
    app.feed.append(Forgotten).await
}

/// Deletes the rows of all archives.
#[derive(Clone)]
struct Forgotten;

impl Quiet for Forgotten {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, all: Vec<Self>) -> Answers<Self> {
        data_export::Entity::delete_many().exec(tx).await?;
        Ok(vec![(); all.len()])
    }
}
