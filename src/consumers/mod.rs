//! Consumers: positions in the feed that the server keeps for clients which cannot, each under a name of its person's own.
//!
//! ```text
//!  subscribe ─▶ claim ─▶ row: claimed by this one ─▶ follows from the acknowledged position
//!                 │ a later claim: the earlier one ends with CONSUMER_TAKEN
//!                 ▼
//!  ackEvents ─▶ waiting acknowledgements ─ once a second ─▶ one batch of the feed's writer ─▶ answers
//! ```
//!
//! The row is the truth between nodes: it names the claim that was made last. Each node compares its own claims with it, at
//! once when another node signals one, and every second anyway.

mod acks;
mod change;
mod claims;
mod name;
mod purge;
mod wanted;
mod watch;

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;

pub(crate) use claims::{Claim, ClaimHandle, Ticket};
pub(crate) use name::ConsumerName;
pub(crate) use wanted::WantedStart;

use crate::accounts::Viewer;
use crate::app::App;
use crate::bus::Signal;
use crate::db;
use crate::entity::consumer;
use crate::error::{Error, Result};
use crate::feed::{Cursor, Start};
use crate::id::UserId;
use acks::WaitingAcks;
use change::{ConsumerChange, ConsumerStep, PositionValidity, is_fresh};
use claims::Claims;

/// Which consumer: the name is its person's own.
type ConsumerKey = (UserId, ConsumerName);

/// The consumers, and the claims and acknowledgements of this node. Clones share them.
#[derive(Clone)]
pub struct Consumers {
    app: App,
    claims: Arc<Claims>,
    acks: Arc<WaitingAcks>,
}

impl Consumers {
    /// Creates the service.
    pub fn new(app: App) -> Self {
        Self { app, claims: Arc::default(), acks: Arc::default() }
    }

    /// The number of a subscription, in the order in which they were read: of two with one name the later one wins,
    /// whatever either has to wait for.
    pub fn ticket(&self) -> Ticket {
        self.claims.ticket()
    }

    /// Claims a consumer on this node, until the claim is dropped. `ConsumerTaken` if a later subscription has it.
    pub fn claim(&self, viewer: &Viewer, name: &ConsumerName, ticket: Ticket) -> Result<Claim> {
        self.claims.enter((viewer.user(), name.clone()), ticket).ok_or(Error::ConsumerTaken)
    }

    /// Writes a claim, and returns where its subscription starts. A consumer that does not exist is created.
    pub async fn begin(&self, viewer: &Viewer, claim: &ClaimHandle, wanted: WantedStart) -> Result<Start> {
        let start = self.start_with(viewer, claim.name(), wanted, Some(claim)).await?;
        claim.is_written();
        self.app.bus.send(Signal::Consumer(uuid::Uuid::from_bytes(*viewer.user().as_bytes())));
        Ok(start)
    }

    /// Where a page of a consumer starts, which claims nothing. A consumer that does not exist is created.
    pub async fn start(&self, viewer: &Viewer, name: &ConsumerName, wanted: WantedStart) -> Result<Start> {
        self.start_with(viewer, name, wanted, None).await
    }

    async fn start_with(
        &self,
        viewer: &Viewer,
        name: &ConsumerName,
        wanted: WantedStart,
        claim: Option<&ClaimHandle>,
    ) -> Result<Start> {
        let feed = &self.app.feed;
        let wanted = wanted.checked(feed).await;
        let head = feed.head();
        if claim.is_none()
            && let Some(row) = self.find(viewer, name).await?
            && is_fresh(&row, self.app.clock.now())
            && row.lineage == db::lineage(&self.app.db.reader).await?
        {
            return Ok(start_of(&row, &wanted));
        }
        let step = ConsumerStep::Begin { first: wanted.latest.unwrap_or(head), head, claim: claim.cloned() };
        let outcome = feed.append(ConsumerChange::new(viewer.user(), name, step)).await?;
        let row = outcome.row.ok_or_else(|| Error::Internal(anyhow::anyhow!("a consumer was not written")))?;
        Ok(match (outcome.validity, wanted.latest) {
            (PositionValidity::Valid, None) if outcome.is_new && wanted.is_any => Start::Garbage,
            (PositionValidity::Valid, _) => start_of(&row, &wanted),
            // It had the reset, and has not acknowledged it yet.
            (validity, Some(cursor)) if validity.is_known_at(cursor) => Start::After(cursor),
            (PositionValidity::Stale | PositionValidity::Reset { .. }, _) => Start::Garbage,
        })
    }

    /// Everything up to and with a cursor is stored by a consumer. Returned when it is written, at most a second later.
    pub async fn acknowledge(&self, viewer: &Viewer, name: &ConsumerName, cursor: &str) -> Result<consumer::Model> {
        let feed = &self.app.feed;
        let cursor = feed.seal().read_cursor(cursor);
        let cursor = cursor.ok_or_else(|| Error::input("cursor", "this is not a cursor of this server's feed"))?;
        if !feed.is_ours(cursor).await {
            return Err(Error::CursorExpired);
        }
        self.acks.wait((viewer.user(), name.clone()), cursor).await
    }

    /// The viewer's consumers, by name.
    pub async fn list(&self, viewer: &Viewer) -> Result<Vec<consumer::Model>> {
        let own = consumer::Entity::find().filter(consumer::Column::UserId.eq(viewer.user()));
        let mut own = own.order_by_asc(consumer::Column::Name).all(&self.app.db.reader).await?;
        // By bytes, whatever the language of the database.
        own.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(own)
    }

    async fn find(&self, viewer: &Viewer, name: &ConsumerName) -> Result<Option<consumer::Model>> {
        let key = (viewer.user(), name.as_str().to_owned());
        Ok(consumer::Entity::find_by_id(key).one(&self.app.db.reader).await?)
    }

    /// Deletes a consumer; whether there was one.
    pub async fn delete(&self, viewer: &Viewer, name: &ConsumerName) -> Result<bool> {
        let change = ConsumerChange::new(viewer.user(), name, ConsumerStep::Delete);
        Ok(self.app.feed.append(change).await?.existed)
    }

    /// Writes acknowledgements, watches the claims, and deletes what is not used, until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.acks.keep_writing(&self.app.feed) => {}
            () = watch::keep_watching(&self.app, &self.claims) => {}
            () = purge::keep_purged(&self.app, &self.claims) => {}
        }
    }
}

/// Where a consumer continues: after the later of its position and what the client asks for. What the client asks for may
/// be invalid once something was acknowledged.
fn start_of(row: &consumer::Model, wanted: &wanted::Checked) -> Start {
    let own = position_of(row);
    match wanted.latest {
        Some(later) if later.position > own.position => Start::After(later),
        None if wanted.is_any && !row.is_acknowledged => Start::Garbage,
        Some(_) | None => Start::After(own),
    }
}

/// The position of a consumer.
pub(crate) fn position_of(row: &consumer::Model) -> Cursor {
    Cursor::of_row(row.position, row.nonce)
}
