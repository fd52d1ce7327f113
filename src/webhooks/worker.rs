//! The work on one webhook: one POST after the other, in order, until it is paused, removed or somebody else's.

use std::time::Duration;

use sea_orm::EntityTrait;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::address::Target;
use super::attempts::PostAttempt;
use super::change::{WebhookChange, WebhookOutcome, WebhookStep};
use super::client::{PostAnswer, ReceiverLine, SignedPost};
use super::parcel::{NextParcel, Parcel, ParcelRequest};
use super::unresolved::UnresolvedTries;
use super::{Webhooks, attempts, is_away, position_of, secret, viewer};
use crate::clock::instant;
use crate::entity::webhook;
use crate::error::{Error, Result};
use crate::feed::{Cursor, EventScope, KindSet, Position, Reset};
use crate::graphql::{self, PostedDocument};
use crate::id::WebhookId;
use crate::{db, limits};

/// The characters of an error that are kept.
const ERROR_CHARACTERS: usize = 300;

/// The work on one webhook.
pub(super) struct Worker {
    webhooks: Webhooks,
    id: WebhookId,
    claim: Uuid,
    /// What is tried again.
    pending: Option<PendingParcel>,
    /// Up to where there was nothing to send, after this position.
    passed: Option<(Cursor, Cursor)>,
    /// When the position was written last, by the clock's uptime.
    written_at: Duration,
    /// How often the next event could not be resolved.
    unresolved: UnresolvedTries,
}

/// A parcel that was not accepted.
#[derive(Clone, Copy)]
enum PendingParcel {
    /// The events up to here, after that cursor.
    Events { after: Cursor, upto: Position },
    /// What says that something was missed.
    Reset { after: Cursor, reason: Reset, at: Cursor },
}

/// What a worker needs of a webhook that does not change while it works.
struct Prepared {
    document: PostedDocument,
    target: Target,
    scope: EventScope,
    kinds: KindSet,
}

/// What comes next.
enum Then {
    /// The next parcel.
    GoOn,
    /// There is nothing to send up to this position.
    WaitPast(Position),
    /// The next try is due so much later.
    WaitFor(Duration),
    /// The work is over.
    End,
}

impl Worker {
    pub(super) fn new(webhooks: Webhooks, id: WebhookId) -> Self {
        let written_at = webhooks.app().clock.uptime();
        let (pending, passed) = Default::default();
        Self {
            webhooks,
            id,
            claim: Uuid::now_v7(),
            pending,
            passed,
            written_at,
            unresolved: UnresolvedTries::default(),
        }
    }

    /// Works until there is nothing to do any more, or for a moment after `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let ending = async {
            stop.cancelled().await;
            sleep(limits::WEBHOOK_DRAIN).await;
        };
        tokio::select! {
            () = self.work(&stop) => {}
            () = ending => {}
        }
    }

    async fn work(&mut self, stop: &CancellationToken) {
        let claimed = self.append(WebhookStep::Claim(self.claim)).await;
        let Ok(Some(row)) = claimed else { return };
        let prepared = match self.prepare(&row).await {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(reason)) => return self.pause(&row, format!("{reason:#}")).await,
            // The next worker tries again.
            Err(_) => return,
        };
        let mut line = None;
        while !stop.is_cancelled() {
            let then = self.step(&prepared, &mut line).await.unwrap_or_else(|error| {
                tracing::debug!(error = %error, "a webhook could not be worked at, it is tried again");
                Then::WaitFor(limits::WEBHOOK_LOOK)
            });
            // Not longer than until the row is looked at again, which commands change.
            let (past, time) = match then {
                Then::GoOn => continue,
                Then::WaitPast(position) => (position, limits::WEBHOOK_LOOK),
                Then::WaitFor(time) => (Position::MAX, time.min(limits::WEBHOOK_LOOK)),
                Then::End => return,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.webhooks.app().feed.is_past(past) => {}
                () = sleep(time) => {}
            }
        }
    }

    /// The inner error says why nothing can be sent, until the operator does something about it.
    async fn prepare(&self, row: &webhook::Model) -> Result<anyhow::Result<Prepared>> {
        let viewer = match row.user_id {
            Some(user) => match viewer(self.webhooks.app(), user).await? {
                Some(viewer) => Some(viewer),
                None => return Ok(Err(anyhow::Error::msg(is_away(user)))),
            },
            None => None,
        };
        let document = self.webhooks.api.posted_document(&row.document, viewer).await;
        let prepared = document.map_err(anyhow::Error::msg).and_then(|document| {
            let target = Target::parse(&row.url, self.webhooks.client.guard())?;
            let named = row.kinds.as_deref().map(|names| graphql::kinds_named(names.split(',')));
            let kinds = named.transpose().map_err(anyhow::Error::msg)?.unwrap_or(KindSet::ALL).and(document.kinds());
            let scope = row.user_id.map_or(EventScope::Everybody, EventScope::Person);
            Ok(Prepared { document, target, scope, kinds })
        });
        Ok(prepared)
    }

    /// Sends the next parcel, if there is one and it is due.
    async fn step(&mut self, prepared: &Prepared, line: &mut Option<ReceiverLine>) -> Result<Then> {
        let app = self.webhooks.app().clone();
        let Some(row) = webhook::Entity::find_by_id(self.id).one(&app.db.reader).await? else { return Ok(Then::End) };
        if row.paused_at.is_some() || row.claim_id != Some(self.claim) {
            return Ok(Then::End);
        }
        if let Some(user) = row.user_id
            && viewer(&app, user).await?.is_none()
        {
            self.pause(&row, is_away(user)).await;
            return Ok(Then::End);
        }
        let now = app.clock.now();
        if let Some(at) = row.next_try_at.filter(|at| *at > now) {
            return Ok(Then::WaitFor(at.since(now)));
        }
        match self.next_parcel(prepared, &row).await? {
            NextParcel::Ready(parcel) => self.send(prepared, line, &row, parcel).await,
            NextParcel::Nothing(reached) => self.pass(&row, reached).await,
            NextParcel::Unresolved { at, most_tries } => {
                if self.unresolved.fails_for_good(at.position, most_tries) {
                    // As over a socket: the receiver has to know that it missed it.
                    self.pending = Some(PendingParcel::Reset { after: position_of(&row), reason: Reset::Expired, at });
                }
                self.fail(&row, "an event could not be resolved: see the server's log".to_owned(), None, None).await
            }
            NextParcel::Invalid(why) => {
                self.pause(&row, format!("the document is not valid any more: {why}")).await;
                Ok(Then::End)
            }
        }
    }

    async fn next_parcel(&mut self, prepared: &Prepared, row: &webhook::Model) -> Result<NextParcel> {
        let (from, batch_size) = (position_of(row), usize::try_from(row.batch_size).unwrap_or(1));
        // What the operator has changed counts from here on.
        self.pending = self.pending.filter(|pending| pending.after() == from);
        self.passed = self.passed.filter(|(after, _)| *after == from);
        let lineage = db::lineage(&self.webhooks.app().db.reader).await?;
        // A rewind to where it is says that nothing behind it is to be passed.
        let is_rewound = row.lineage == db::rewound_in(&lineage);
        self.pending = self.pending.filter(|pending| !(is_rewound && pending.passes(from)));
        let reset = match self.pending {
            Some(PendingParcel::Reset { reason, at, .. }) => Some((reason, at)),
            _ if row.lineage == lineage => None,
            _ if is_rewound => Some((Reset::Foreign, from)),
            _ => Some((Reset::Foreign, self.webhooks.app().feed.newest().await?)),
        };
        if let Some((reason, at)) = reset {
            return self.webhooks.reset_parcel(&prepared.document, batch_size, reason, at).await;
        }
        let upto = match self.pending {
            Some(PendingParcel::Events { upto, .. }) => Some(upto),
            _ => None,
        };
        let request = ParcelRequest {
            document: &prepared.document,
            scope: prepared.scope,
            kinds: prepared.kinds,
            batch_size,
            after: self.passed.map_or(from, |(_, passed)| passed),
            upto,
        };
        self.webhooks.next_parcel(&request).await
    }

    /// POSTs a parcel and writes what came of it.
    async fn send(
        &mut self,
        prepared: &Prepared,
        line: &mut Option<ReceiverLine>,
        row: &webhook::Model,
        parcel: Parcel,
    ) -> Result<Then> {
        let app = self.webhooks.app().clone();
        let (at, began) = (app.clock.now(), instant());
        let id = app.feed.cursor_text(parcel.id);
        let is_signing = |since| at.since(since) < limits::WEBHOOK_ROTATION;
        let previous = row.previous_secret.as_deref().filter(|_| row.rotated_at.is_some_and(is_signing));
        let secrets = std::iter::once(row.secret.as_str()).chain(previous);
        let signature = secret::sign(secrets, &id, at, &parcel.body);
        let post = SignedPost { id: id.clone(), timestamp: at.seconds(), signature, body: parcel.body.clone() };
        let answer = self.webhooks.client.post(line, &prepared.target, &post).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let error = match &answer {
            Ok(answer) if answer.status.is_success() => None,
            Ok(PostAnswer { status, .. }) if status.is_redirection() => {
                Some(format!("the answer was {status}: redirects are not followed"))
            }
            Ok(answer) => Some(format!("the answer was {}", answer.status)),
            Err(error) => Some(format!("{error:#}").chars().take(ERROR_CHARACTERS).collect()),
        };
        let attempt = PostAttempt {
            at: at.0,
            id,
            events: parcel.events,
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            status: status.map(|status| status.as_u16()),
            error: error.clone(),
        };
        let Some(error) = error else {
            self.pending = None;
            let outcome = WebhookOutcome::Moved { to: parcel.upto, is_reset: parcel.reset.is_some() };
            return self.record(row, outcome, Some(attempt)).await;
        };
        if status == Some(hyper::StatusCode::GONE) {
            tracing::warn!(webhook.id = %self.id, "webhook {} is paused: {error}", self.id);
            let outcome = WebhookOutcome::Paused { reason: error };
            return self.record(row, outcome, Some(attempt)).await;
        }
        let after = position_of(row);
        self.pending = Some(match parcel.reset {
            Some(reason) => PendingParcel::Reset { after, reason, at: parcel.id },
            None => PendingParcel::Events { after, upto: parcel.id.position },
        });
        self.fail(row, error, answer.ok().and_then(|answer| answer.retry_after), Some(attempt)).await
    }

    /// Nothing is to be sent up to here: written at times, so that a node that goes on does not look through it again.
    async fn pass(&mut self, row: &webhook::Model, reached: Cursor) -> Result<Then> {
        let (from, uptime) = (position_of(row), self.webhooks.app().clock.uptime());
        // A parcel of which nothing is left.
        self.pending = None;
        let (time, events) = limits::WEBHOOK_PASSED;
        let is_due = reached.position - from.position >= events || uptime.saturating_sub(self.written_at) >= time;
        if reached.position > from.position && is_due {
            let outcome = WebhookOutcome::Moved { to: reached, is_reset: false };
            self.record(row, outcome, None).await?;
        } else {
            self.passed = Some((from, reached));
        }
        Ok(Then::WaitPast(reached.position))
    }

    async fn fail(
        &mut self,
        row: &webhook::Model,
        error: String,
        retry_after: Option<Duration>,
        attempt: Option<PostAttempt>,
    ) -> Result<Then> {
        if row.failures == 0 {
            tracing::warn!(webhook.id = %self.id, "webhook {} fails, it is tried again: {error}", self.id);
        }
        let wait = attempts::wait(row.failures.saturating_add(1), getrandom::u32().unwrap_or(u32::MAX));
        // Where nothing was POSTed, no receiver is spared by a long wait, and whatever comes next waits too.
        let longest = if attempt.is_some() { limits::WEBHOOK_LONGEST_WAIT } else { limits::WEBHOOK_UNRESOLVED_WAIT };
        let wait = wait.max(retry_after.unwrap_or_default()).min(longest);
        let next_try_at = self.webhooks.app().clock.now() + wait;
        self.record(row, WebhookOutcome::Failed { error, next_try_at }, attempt).await
    }

    async fn pause(&mut self, row: &webhook::Model, reason: String) {
        tracing::warn!(webhook.id = %self.id, "webhook {} is paused: {reason}", self.id);
        // If that fails, the next worker does it.
        let _ = self.record(row, WebhookOutcome::Paused { reason }, None).await;
    }

    /// Writes what came of it. What was POSTed is not POSTed again only because it could not be written yet.
    async fn record(
        &mut self,
        row: &webhook::Model,
        outcome: WebhookOutcome,
        attempt: Option<PostAttempt>,
    ) -> Result<Then> {
        let (claim, from) = (self.claim, position_of(row));
        let step = WebhookStep::Record { claim, from, outcome, attempt };
        loop {
            match self.append(step.clone()).await {
                Ok(_) => break,
                Err(Error::NotFound) => return Ok(Then::End),
                Err(error) => {
                    tracing::debug!(error = %error, "the outcome of a webhook could not be written, trying again");
                    sleep(limits::WEBHOOK_LOOK).await;
                }
            }
        }
        self.written_at = self.webhooks.app().clock.uptime();
        Ok(Then::GoOn)
    }

    async fn append(&self, step: WebhookStep) -> Result<Option<webhook::Model>> {
        self.webhooks.app().feed.append(WebhookChange { id: self.id, step }).await
    }
}

impl PendingParcel {
    /// The webhook's position when it was made.
    fn after(&self) -> Cursor {
        match self {
            Self::Events { after, .. } | Self::Reset { after, .. } => *after,
        }
    }

    /// Whether it is the reset of another state of the database, after which the webhook would not go on from here.
    fn passes(&self, from: Cursor) -> bool {
        matches!(self, Self::Reset { reason: Reset::Foreign, at, .. } if *at != from)
    }
}
