//! Closing a report.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::{self, Accounts, Moderator};
use crate::app::App;
use crate::audit::AuditAction;
use crate::db::{self, Tx};
use crate::entity::report::{self, Action};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ReportId, UserId};
use crate::images::Images;
use crate::messages;

/// What a moderator does about a report.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// Which report.
    pub id: ReportId,
    /// What is done.
    pub action: Action,
    /// Why, for other moderators, as typed.
    pub note: Option<String>,
}

/// Does what a moderator decides, and closes the report. Both are in the audit log; if the second fails, it is repeated.
/// Again with the same action is no change.
pub async fn resolve(
    app: &App,
    (accounts, images): (&Accounts, &Images),
    moderator: Moderator,
    resolution: Resolution,
) -> Result<report::Model> {
    let Resolution { id, action, note } = resolution;
    let note = super::text(note.as_deref(), "note")?;
    let report = report::Entity::find_by_id(id).one(&app.db.reader).await?.ok_or(Error::NotFound)?;
    if report.resolved_at.is_some() {
        return closed(&report, action);
    }
    match action {
        Action::Dismiss => {}
        Action::DeleteMessage => {
            let message = report.message_id.ok_or_else(|| unfit("this report is not about a message"))?;
            match messages::delete_by_moderator(app, moderator, images, message).await {
                // It was deleted by its age meanwhile.
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Action::SuspendUser => {
            let user = report.user_id.ok_or_else(|| unfit("this report is not about a user"))?;
            accounts.suspend(moderator, user).await?;
        }
    }
    let resolve = Resolve { by: moderator.user(), id, action, note };
    app.feed.append_recorded(resolve, [moderator.record(AuditAction::ReportResolved, id)]).await
}

fn unfit(message: &'static str) -> Error {
    Error::input("action", message)
}

/// The answer for a report that was closed before.
fn closed(report: &report::Model, action: Action) -> Result<report::Model> {
    if report.action == Some(action) {
        return Ok(report.clone());
    }
    Err(unfit("this report was closed with another action"))
}

struct Resolve {
    by: UserId,
    id: ReportId,
    action: Action,
    note: Option<String>,
}

impl Change for Resolve {
    type Answer = report::Model;
    type Write = report::Model;
    const RANK: Rank = Rank::Departures;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids: HashSet<ReportId> = changes.iter().map(|change| change.id).collect();
        let reports = report::Entity::find().filter(report::Column::Id.is_in(ids)).all(tx).await?;
        let mut reports: HashMap<ReportId, report::Model> = reports.into_iter().map(|row| (row.id, row)).collect();
        let mut plans = Vec::with_capacity(changes.len());
        for change in changes {
            // The role may have been taken meanwhile.
            let is_moderator = accounts::is_moderator(tx, change.by).await?;
            let mut plan = || {
                let report = reports.get_mut(&change.id).filter(|_| is_moderator).ok_or(Error::NotFound)?;
                if report.resolved_at.is_some() {
                    return closed(report, change.action).map(Plan::Done);
                }
                report.resolved_at = Some(tx.now);
                report.resolved_by_id = Some(change.by);
                (report.action, report.note) = (Some(change.action), change.note.clone());
                Ok(Plan::Write { write: report.clone(), events: 0 })
            };
            plans.push(plan());
        }
        Ok(plans)
    }

    async fn write(tx: &Tx, writes: Vec<Placed<report::Model>>) -> Writes<Self> {
        use report::Column::{Action, Note, ResolvedAt, ResolvedById};
        let rows: Vec<report::Model> = writes.into_iter().map(|placed| placed.write).collect();
        db::upsert(tx, rows.clone(), [ResolvedAt, ResolvedById, Action, Note]).await?;
        Ok(rows.into_iter().map(Written::silent).collect())
    }
}
