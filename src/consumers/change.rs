//! Changes of consumers. They are one type of `Change`, so that each sees the effect of earlier ones in its batch.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::claims::ClaimHandle;
use super::{ConsumerKey, ConsumerName, position_of};
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::consumer::{self, Column};
use crate::error::{Error, Result};
use crate::feed::{Change, Cursor, Placed, Plan, Plans, Position, Rank, Writes, Written};
use crate::id::UserId;
use crate::limits;

/// A change of one consumer.
pub(super) struct ConsumerChange {
    key: ConsumerKey,
    step: ConsumerStep,
}

/// What changes.
pub(super) enum ConsumerStep {
    /// A subscription or a page begins. The claim is that of the subscription, whose position a new consumer begins at.
    Begin { first: Cursor, head: Cursor, claim: Option<ClaimHandle> },
    /// Everything up to this cursor is stored by the client.
    Acknowledge(Cursor),
    /// It is still in use.
    Use,
    /// It goes.
    Delete,
}

/// A consumer after a change.
#[derive(Clone, Debug)]
pub(super) struct ConsumerOutcome {
    /// The row; `None` if there is none.
    pub(super) row: Option<consumer::Model>,
    /// Whether it was there before.
    pub(super) existed: bool,
    /// Whether it was made by this change.
    pub(super) is_new: bool,
    /// How its position goes with the database.
    pub(super) validity: PositionValidity,
}

/// Whether the position of a consumer is of this state of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PositionValidity {
    Valid,
    /// It is of another one, and the client does not know.
    Stale,
    /// It is of another one, and a reset was sent before: a client with a cursor from here on knows of it.
    Reset {
        from: Position,
    },
}

impl PositionValidity {
    /// Whether a client with this cursor, which is of this state of the database, has had the reset.
    pub(super) fn is_known_at(self, cursor: Cursor) -> bool {
        matches!(self, Self::Reset { from } if cursor.position >= from)
    }
}

impl ConsumerChange {
    pub(super) fn new(user: UserId, name: &ConsumerName, step: ConsumerStep) -> Self {
        Self { key: (user, name.clone()), step }
    }
}

/// Whether a consumer's last use need not be written yet.
pub(super) fn is_fresh(row: &consumer::Model, now: Timestamp) -> bool {
    now.since(row.used_at) < limits::CONSUMER_USED_PRECISION
}

impl Change for ConsumerChange {
    type Answer = ConsumerOutcome;
    type Write = (ConsumerKey, ConsumerOutcome);
    const RANK: Rank = Rank::ReadMarks;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = ConsumerBatch::read(tx, changes).await?;
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self::Write>>) -> Writes<Self> {
        // Of each consumer the last state of the batch.
        let mut last: HashMap<ConsumerKey, Option<consumer::Model>> = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: (key, outcome), .. } in writes {
            last.insert(key, outcome.row.clone());
            written.push(Written::silent(outcome));
        }
        let (mut rows, mut gone) = (Vec::with_capacity(last.len()), Vec::new());
        for (key, row) in last {
            match row {
                Some(row) => rows.push(row),
                None => gone.push(key),
            }
        }
        let changing = [
            Column::Position,
            Column::Nonce,
            Column::IsAcknowledged,
            Column::ClaimId,
            Column::Lineage,
            Column::ResetPosition,
            Column::UpdatedAt,
            Column::UsedAt,
        ];
        db::upsert(tx, rows, changing).await?;
        for (user, name) in gone {
            consumer::Entity::delete_by_id((user, name.as_str().to_owned())).exec(tx).await?;
        }
        Ok(written)
    }
}

/// What a batch needs to know, and its decisions so far.
struct ConsumerBatch {
    now: Timestamp,
    lineage: String,
    rows: HashMap<ConsumerKey, consumer::Model>,
    /// How many consumers people have.
    counts: HashMap<UserId, usize>,
}

impl ConsumerBatch {
    async fn read(tx: &Tx, changes: &[ConsumerChange]) -> Result<Self, sea_orm::DbErr> {
        let people: HashSet<UserId> = changes.iter().map(|change| change.key.0).collect();
        // All of a person's, 64 at most, to count them too.
        let rows = consumer::Entity::find().filter(Column::UserId.is_in(people)).all(tx).await?;
        let mut counts = HashMap::new();
        for row in &rows {
            *counts.entry(row.user_id).or_default() += 1;
        }
        let named = |row: consumer::Model| Some(((row.user_id, ConsumerName::parse("name", &row.name).ok()?), row));
        let rows = rows.into_iter().filter_map(named).collect();
        Ok(Self { now: tx.now, lineage: db::lineage(tx).await?, rows, counts })
    }

    fn plan(&mut self, change: &ConsumerChange) -> Result<Plan<ConsumerChange>> {
        let known = self.rows.get(&change.key).cloned();
        let (existed, now) = (known.is_some(), self.now);
        let validity = known.as_ref().map_or(PositionValidity::Valid, |row| self.validity(row));
        let row = match (&change.step, known.clone()) {
            // Its subscription has gone, or has been taken over: nobody would follow.
            (ConsumerStep::Begin { claim: Some(claim), .. }, _) if claim.is_void() => return Err(Error::unavailable()),
            (ConsumerStep::Begin { first, head, claim }, known) => {
                let mut row = match known {
                    Some(row) => row,
                    None => self.made(&change.key, *first)?,
                };
                if let Some(claim) = claim {
                    claim.ensure_latest(row.claim_id)?;
                    row.claim_id = Some(claim.id);
                }
                if validity == PositionValidity::Stale {
                    (row.lineage, row.reset_position) = (db::reset_in(&self.lineage), Some(head.position));
                }
                Some(row)
            }
            (ConsumerStep::Acknowledge(cursor), known) => {
                let mut row = match known {
                    Some(row) => row,
                    None => self.made(&change.key, *cursor)?,
                };
                let moves = cursor.position > position_of(&row).position;
                if moves || !row.is_acknowledged {
                    row.updated_at = now;
                }
                if moves {
                    (row.position, row.nonce) = (cursor.position, cursor.nonce.into());
                }
                row.is_acknowledged = true;
                // The client has the reset, or later events.
                if validity.is_known_at(*cursor) {
                    (row.lineage, row.reset_position) = (self.lineage.clone(), None);
                }
                Some(row)
            }
            (ConsumerStep::Use, known) => known,
            (ConsumerStep::Delete, _) => None,
        };
        let row = row.map(|row| match is_fresh(&row, now) {
            true => row,
            false => consumer::Model { used_at: now, ..row },
        });
        let outcome = ConsumerOutcome { row: row.clone(), existed, is_new: row.is_some() && !existed, validity };
        if row == known {
            return Ok(Plan::Done(outcome));
        }
        match row {
            Some(row) => drop(self.rows.insert(change.key.clone(), row)),
            None => {
                self.rows.remove(&change.key);
                if let Some(count) = self.counts.get_mut(&change.key.0) {
                    *count = count.saturating_sub(1);
                }
            }
        }
        Ok(Plan::Write { write: (change.key.clone(), outcome), events: 0 })
    }

    fn validity(&self, row: &consumer::Model) -> PositionValidity {
        match row.reset_position {
            _ if row.lineage == self.lineage => PositionValidity::Valid,
            Some(from) if row.lineage == db::reset_in(&self.lineage) => PositionValidity::Reset { from },
            Some(_) | None => PositionValidity::Stale,
        }
    }

    /// A new consumer, if the person may have one more.
    fn made(&mut self, (user, name): &ConsumerKey, first: Cursor) -> Result<consumer::Model> {
        let count = self.counts.entry(*user).or_default();
        if *count >= limits::CONSUMERS_PER_USER {
            let message = format!("you have {} consumers already: delete one first", limits::CONSUMERS_PER_USER);
            return Err(Error::input("consumer", message));
        }
        *count += 1;
        Ok(consumer::Model {
            user_id: *user,
            name: name.as_str().to_owned(),
            position: first.position,
            nonce: first.nonce.into(),
            is_acknowledged: false,
            claim_id: None,
            lineage: self.lineage.clone(),
            reset_position: None,
            updated_at: self.now,
            used_at: self.now,
        })
    }
}
