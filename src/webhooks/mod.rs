//! Webhooks: subscriptions whose events are POSTed, signed as Standard Webhooks has it. A webhook is a position in the feed
//! and a document; the same schema executes it.
//!
//! ```text
//!  the node that leads ─▶ a worker for each webhook:
//!
//!    row: position ─▶ stretch of the log ─▶ document executed for each event ─▶ parcel ─▶ signed POST
//!      ▲                                                                                    │
//!      └──── 2xx: moved on │ 410: paused │ anything else: tried again, later and later ◀────┘
//! ```
//!
//! Nothing is locked during a POST. A worker's claim is in the row, and what a worker did that was overtaken, by another
//! node or by the operator, is not written: then the same event comes again, with the same id.

mod address;
mod attempts;
mod change;
mod client;
mod dispatcher;
mod parcel;
mod secret;
mod unresolved;
mod worker;

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use sea_orm::{EntityTrait, QueryOrder};
use tokio::sync::Semaphore;

pub use attempts::{PostAttempt, read_attempts};

use crate::accounts::{self, Viewer};
use crate::app::App;
use crate::audit::Operator;
use crate::db;
use crate::entity::webhook;
use crate::error::{Error, Result};
use crate::feed::{Cursor, Position};
use crate::graphql::{self, Api};
use crate::id::{UserId, WebhookId};
use crate::limits;
use address::{AddressGuard, Target};
use change::{WebhookChange, WebhookStep};
use client::PostClient;

/// The document of webhooks that were added without one: all kinds of events, with what does not depend on a viewer.
pub const DEFAULT_DOCUMENT: &str = include_str!("default.graphql");

/// The webhooks of a server. Clones share what they work with.
#[derive(Clone)]
pub struct Webhooks {
    api: Api,
    client: PostClient,
    /// Few events are executed at a time, so that webhooks do not starve people.
    executions: Arc<Semaphore>,
}

/// A webhook to add.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where to POST to.
    pub url: String,
    /// The subscription; without one, [`DEFAULT_DOCUMENT`].
    pub document: Option<String>,
    /// Whose events; without anybody, those of the whole server.
    pub user: Option<UserId>,
    /// Names of kinds of events; all of them if it is empty.
    pub kinds: Vec<String>,
    /// The most events in a POST.
    pub batch_size: u32,
    /// Where it begins; without it, with what happens next.
    pub from: Option<String>,
}

impl Webhooks {
    /// The webhooks of a program.
    pub fn new(api: Api) -> anyhow::Result<Self> {
        let guard = AddressGuard::new(api.program().app.config.webhook_allow_nets.clone());
        let executions = Arc::new(Semaphore::new(limits::WEBHOOK_EXECUTIONS));
        Ok(Self { client: PostClient::new(guard)?, api, executions })
    }

    fn app(&self) -> &App {
        &self.api.program().app
    }

    /// Adds a webhook. Everything that can be wrong with it is said now.
    pub async fn add(&self, by: &Operator, new: NewWebhook) -> anyhow::Result<webhook::Model> {
        let target = Target::parse(&new.url, self.client.guard()).context("the address")?;
        let most = limits::WEBHOOK_BATCH;
        ensure!((1..=most).contains(&new.batch_size), "a POST has 1 to {most} events");
        let document = new.document.unwrap_or_else(|| DEFAULT_DOCUMENT.to_owned());
        let viewer = match new.user {
            Some(user) => Some(viewer(self.app(), user).await?.with_context(|| is_away(user))?),
            None => None,
        };
        let checked = self.api.posted_document(&document, viewer).await;
        let picked = checked.map_err(anyhow::Error::msg).context("the document")?.kinds();
        if !new.kinds.is_empty() {
            let kinds = graphql::kinds_named(new.kinds.iter().map(String::as_str)).map_err(anyhow::Error::msg)?;
            ensure!(!kinds.and(picked).is_none(), "the document picks none of these kinds");
        }
        let from = match new.from {
            Some(from) => self.cursor(&from).await?,
            None => self.app().feed.newest().await?,
        };
        let row = webhook::Model {
            id: WebhookId::new(),
            url: target.url.into(),
            document,
            kinds: (!new.kinds.is_empty()).then(|| new.kinds.join(",")),
            user_id: new.user,
            batch_size: i32::try_from(new.batch_size).unwrap_or(1),
            secret: secret::generate()?,
            previous_secret: None,
            rotated_at: None,
            position: from.position,
            nonce: from.nonce.into(),
            lineage: String::new(),
            claim_id: None,
            paused_at: None,
            pause_reason: None,
            failures: 0,
            next_try_at: None,
            last_error: None,
            attempts: "[]".to_owned(),
            created_at: self.app().clock.now(),
        };
        self.change(by, row.id, WebhookStep::Add(Box::new(row))).await?.context("it was not written")
    }

    /// All webhooks, the oldest first.
    pub async fn list(&self) -> anyhow::Result<Vec<webhook::Model>> {
        let all = webhook::Entity::find().order_by_asc(webhook::Column::Id).all(&self.app().db.reader).await;
        all.map_err(db::in_a_line)
    }

    /// A webhook.
    pub async fn find(&self, id: WebhookId) -> anyhow::Result<webhook::Model> {
        let found = webhook::Entity::find_by_id(id).one(&self.app().db.reader).await.map_err(db::in_a_line)?;
        found.with_context(|| format!("there is no webhook {id}"))
    }

    /// How many events of the server a webhook is behind.
    pub async fn lag(&self, row: &webhook::Model) -> anyhow::Result<Position> {
        Ok(self.app().feed.newest().await?.position.saturating_sub(row.position).max(0))
    }

    /// The cursor up to which everything was accepted.
    pub fn cursor_of(&self, row: &webhook::Model) -> String {
        self.app().feed.cursor_text(position_of(row))
    }

    /// Stops sending, until [`resume`](Self::resume). A POST that is under way ends by itself.
    pub async fn pause(&self, by: &Operator, id: WebhookId) -> anyhow::Result<()> {
        self.change(by, id, WebhookStep::Pause).await.map(drop)
    }

    /// Sends again, at once.
    pub async fn resume(&self, by: &Operator, id: WebhookId) -> anyhow::Result<()> {
        self.change(by, id, WebhookStep::Resume).await.map(drop)
    }

    /// Goes on after this cursor, `oldest` or `newest`, back or forward.
    pub async fn rewind(&self, by: &Operator, id: WebhookId, to: &str) -> anyhow::Result<()> {
        let to = self.cursor(to).await?;
        self.change(by, id, WebhookStep::Rewind(to)).await.map(drop)
    }

    /// Signs with a new secret, which is returned, and for [`limits::WEBHOOK_ROTATION`] also with the one before.
    pub async fn rotate(&self, by: &Operator, id: WebhookId) -> anyhow::Result<String> {
        let row = self.change(by, id, WebhookStep::Rotate(secret::generate()?)).await?;
        Ok(row.context("it was removed")?.secret)
    }

    /// Removes it.
    pub async fn remove(&self, by: &Operator, id: WebhookId) -> anyhow::Result<()> {
        self.change(by, id, WebhookStep::Remove).await.map(drop)
    }

    async fn change(&self, by: &Operator, id: WebhookId, step: WebhookStep) -> anyhow::Result<Option<webhook::Model>> {
        let done = step.action().map(|action| by.record(action, id));
        match self.app().feed.append_recorded(WebhookChange { id, step }, done).await {
            Ok(row) => Ok(row),
            Err(Error::NotFound) => bail!("there is no webhook {id}"),
            Err(error) => Err(error.into()),
        }
    }

    /// What the operator names: a cursor, or an end of the log.
    async fn cursor(&self, text: &str) -> anyhow::Result<Cursor> {
        let feed = &self.app().feed;
        match text {
            "oldest" => Ok(feed.oldest().await?),
            "newest" => Ok(feed.newest().await?),
            _ => {
                let cursor = feed.seal().read_cursor(text);
                let cursor =
                    cursor.context("this is not a cursor of this server's feed, and neither oldest nor newest")?;
                ensure!(feed.is_ours(cursor).await, "this cursor is not of the current state of the database");
                Ok(cursor)
            }
        }
    }
}

/// The person whose events a webhook sends; `None` if they may not receive any.
async fn viewer(app: &App, user: UserId) -> Result<Option<Viewer>> {
    let row = accounts::find(app, user).await?;
    let is_there = row.is_some_and(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
    Ok(is_there.then(|| Viewer::for_operator(user)))
}

fn is_away(user: UserId) -> String {
    format!("there is no account {user}, or it is disabled or erased")
}

/// How far a webhook is.
fn position_of(row: &webhook::Model) -> Cursor {
    Cursor::of_row(row.position, row.nonce)
}
