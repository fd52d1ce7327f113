//! Changes of webhooks. They are one type of `Change`, so that each sees the effect of earlier ones in its batch.

use std::collections::HashMap;

use sea_orm::{EntityTrait, Iterable};
use uuid::Uuid;

use super::attempts::{self, PostAttempt};
use crate::audit::AuditAction;
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::webhook::{self, Column};
use crate::error::{Error, Result};
use crate::feed::{Change, Cursor, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::WebhookId;
use crate::limits;

/// A change of one webhook.
pub(super) struct WebhookChange {
    pub(super) id: WebhookId,
    pub(super) step: WebhookStep,
}

/// What changes.
#[derive(Clone, Debug)]
pub(super) enum WebhookStep {
    /// It is new. Its lineage is filled in.
    Add(Box<webhook::Model>),
    /// This work on it begins: earlier work writes nothing any more.
    Claim(Uuid),
    /// What came of a try, or of passing events that are not sent.
    Record {
        claim: Uuid,
        from: Cursor,
        outcome: WebhookOutcome,
        attempt: Option<PostAttempt>,
    },
    Pause,
    Resume,
    /// It goes on after this cursor.
    Rewind(Cursor),
    /// It has a new secret; the one before goes on signing for a while.
    Rotate(String),
    Remove,
}

impl WebhookStep {
    /// As the audit log has it, if the operator does it.
    pub(super) fn action(&self) -> Option<AuditAction> {
        match self {
            Self::Add(_) => Some(AuditAction::WebhookAdded),
            Self::Claim(_) | Self::Record { .. } => None,
            Self::Pause => Some(AuditAction::WebhookPaused),
            Self::Resume => Some(AuditAction::WebhookResumed),
            Self::Rewind(_) => Some(AuditAction::WebhookRewound),
            Self::Rotate(_) => Some(AuditAction::WebhookRotated),
            Self::Remove => Some(AuditAction::WebhookRemoved),
        }
    }
}

/// What came of work on a webhook.
#[derive(Clone, Debug)]
pub(super) enum WebhookOutcome {
    /// Everything up to here was accepted or is not sent. With a reset, the receiver knows of this state of the database.
    Moved { to: Cursor, is_reset: bool },
    /// It is tried again.
    Failed { error: String, next_try_at: Timestamp },
    /// Somebody has to look at it.
    Paused { reason: String },
}

impl Change for WebhookChange {
    /// The webhook after it; `None` if there is none. Work that was overtaken changes nothing.
    type Answer = Option<webhook::Model>;
    type Write = (WebhookId, Option<webhook::Model>);
    const RANK: Rank = Rank::ReadMarks;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        // All of them: they are few, and counted.
        let rows = webhook::Entity::find().all(tx).await?;
        let rows = rows.into_iter().map(|row| (row.id, row)).collect();
        let mut batch = WebhookBatch { now: tx.now, lineage: db::lineage(tx).await?, rows };
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self::Write>>) -> Writes<Self> {
        let mut last: HashMap<WebhookId, Option<webhook::Model>> = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: (id, row), .. } in writes {
            last.insert(id, row.clone());
            written.push(Written::silent(row));
        }
        let gone: Vec<WebhookId> = last.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect();
        let rows = last.into_values().flatten().collect();
        db::upsert(tx, rows, Column::iter().filter(|column| !matches!(column, Column::Id))).await?;
        for id in gone {
            webhook::Entity::delete_by_id(id).exec(tx).await?;
        }
        Ok(written)
    }
}

/// What a batch needs to know, and its decisions so far.
struct WebhookBatch {
    now: Timestamp,
    lineage: String,
    rows: HashMap<WebhookId, webhook::Model>,
}

impl WebhookBatch {
    fn plan(&mut self, change: &WebhookChange) -> Result<Plan<WebhookChange>> {
        let known = self.rows.get(&change.id).cloned();
        let after = match (&change.step, known.clone()) {
            (WebhookStep::Add(row), _) if self.rows.len() < limits::WEBHOOKS => {
                Some(webhook::Model { lineage: self.lineage.clone(), created_at: self.now, ..(**row).clone() })
            }
            (WebhookStep::Add(_), _) => {
                let message = format!("there are {} webhooks already: remove one first", limits::WEBHOOKS);
                return Err(Error::input("webhook", message));
            }
            (_, None) => return Err(Error::NotFound),
            (WebhookStep::Remove, Some(_)) => None,
            (step, Some(row)) => self.changed(step, row),
        };
        if after == known {
            return Ok(Plan::Done(known));
        }
        match &after {
            Some(row) => drop(self.rows.insert(change.id, row.clone())),
            None => drop(self.rows.remove(&change.id)),
        }
        Ok(Plan::Write { write: (change.id, after), events: 0 })
    }

    fn changed(&self, step: &WebhookStep, row: webhook::Model) -> Option<webhook::Model> {
        Some(match step {
            WebhookStep::Add(_) | WebhookStep::Remove => row,
            WebhookStep::Claim(claim) => webhook::Model { claim_id: Some(*claim), ..row },
            WebhookStep::Record { claim, from, outcome, attempt } => {
                self.recorded(*claim, *from, outcome, attempt, row)
            }
            WebhookStep::Pause => webhook::Model { paused_at: row.paused_at.or(Some(self.now)), ..row },
            WebhookStep::Resume => {
                webhook::Model { paused_at: None, pause_reason: None, failures: 0, next_try_at: None, ..row }
            }
            // The operator names a position of this state of the database. The receiver may not know of it yet.
            WebhookStep::Rewind(to) => webhook::Model {
                position: to.position,
                nonce: to.nonce.into(),
                lineage: match row.lineage == self.lineage {
                    true => row.lineage,
                    false => db::rewound_in(&self.lineage),
                },
                failures: 0,
                next_try_at: None,
                ..row
            },
            WebhookStep::Rotate(secret) => webhook::Model {
                previous_secret: Some(row.secret),
                secret: secret.clone(),
                rotated_at: Some(self.now),
                ..row
            },
        })
    }

    /// The outcome of work that was overtaken, by other work or by the operator, is not written.
    fn recorded(
        &self,
        claim: Uuid,
        from: Cursor,
        outcome: &WebhookOutcome,
        attempt: &Option<PostAttempt>,
        mut row: webhook::Model,
    ) -> webhook::Model {
        // In another state of the database only a reset moves it on.
        let passes_over =
            row.lineage != self.lineage && matches!(outcome, WebhookOutcome::Moved { is_reset: false, .. });
        if row.claim_id != Some(claim) || super::position_of(&row) != from || passes_over {
            return row;
        }
        if let Some(attempt) = attempt {
            row.attempts = attempts::with(&row.attempts, attempt.clone());
        }
        match outcome {
            WebhookOutcome::Moved { to, .. } => webhook::Model {
                position: to.position,
                nonce: to.nonce.into(),
                lineage: self.lineage.clone(),
                failures: 0,
                next_try_at: None,
                ..row
            },
            WebhookOutcome::Failed { error, next_try_at } => webhook::Model {
                failures: row.failures.saturating_add(1),
                next_try_at: Some(*next_try_at),
                last_error: Some(error.clone()),
                ..row
            },
            WebhookOutcome::Paused { reason } => webhook::Model {
                paused_at: row.paused_at.or(Some(self.now)),
                pause_reason: Some(reason.clone()),
                last_error: Some(reason.clone()),
                ..row
            },
        }
    }
}
