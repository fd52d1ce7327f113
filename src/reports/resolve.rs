//! Closing a report.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::{self, Accounts, Moderator};
use crate::app::App;
use crate::audit::{AuditAction, Operator};
use crate::db::{self, Tx};
use crate::entity::report::{self, Action};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{MessageId, ReportId, UserId};
use crate::images::Images;
use crate::messages;

/// What a moderator does about a report.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    /// Which report.
    pub id: ReportId,
    /// What is done.
    pub action: Action,
    /// Why, for other moderators, as typed.
    pub note: Option<String>,
}

/// Does what a moderator decides, and closes the report; `NotFound` for one about themself. Both are in the audit log; if
/// the second fails, it is repeated. Again with the same action is no change.
pub(crate) async fn resolve(
    app: &App,
    services: (&Accounts, &Images),
    moderator: Moderator,
    resolution: Resolution,
) -> Result<report::Model> {
    Resolver::Moderator(moderator).close(app, services, resolution).await
}

/// Likewise for the operator, who may also suspend a moderator.
pub(crate) async fn resolve_for_operator(
    app: &App,
    services: (&Accounts, &Images),
    by: &Operator,
    resolution: Resolution,
) -> Result<report::Model> {
    Resolver::Operator(by).close(app, services, resolution).await
}

/// Who decides.
enum Resolver<'a> {
    Moderator(Moderator),
    Operator(&'a Operator),
}

impl Resolver<'_> {
    async fn close(
        &self,
        app: &App,
        (accounts, images): (&Accounts, &Images),
        resolution: Resolution,
    ) -> Result<report::Model> {
        let Resolution { id, action, note } = resolution;
        let note = super::text(note.as_deref(), "note")?;
        let report = report::Entity::find_by_id(id).one(&app.db.reader).await?;
        let report = report.filter(|report| may_close(self.user(), report)).ok_or(Error::NotFound)?;
        if report.resolved_at.is_some() {
            return closed(&report, action);
        }
        match (decided(&report, action)?, self) {
            (Decision::Nothing, _) => {}
            (Decision::Delete(message), Self::Moderator(by)) => {
                if_there(messages::delete_by_moderator(app, *by, images, message).await)?;
            }
            (Decision::Delete(message), Self::Operator(by)) => {
                if_there(messages::delete_for_operator(app, by, images, message).await)?;
            }
            (Decision::Suspend(user), Self::Moderator(by)) => accounts.suspend(*by, user).await?,
            (Decision::Suspend(user), Self::Operator(by)) => accounts.disable_for_operator(by, user).await?,
        }
        let record = match self {
            Self::Moderator(by) => by.record(AuditAction::ReportResolved, id),
            Self::Operator(by) => by.record(AuditAction::ReportResolved, id),
        };
        app.feed.append_recorded(Resolve { by: self.user(), id, action, note }, [record]).await
    }

    /// Which moderator it is.
    fn user(&self) -> Option<UserId> {
        match self {
            Self::Moderator(by) => Some(by.user()),
            Self::Operator(_) => None,
        }
    }
}

/// Whether a report is somebody's to close: nobody decides about themself. The operator may close all.
fn may_close(by: Option<UserId>, report: &report::Model) -> bool {
    by.is_none() || report.user_id != by
}

/// The message may have been deleted by its age meanwhile.
fn if_there<T>(deleted: Result<T>) -> Result<()> {
    match deleted {
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What is done before a report is closed.
enum Decision {
    Nothing,
    Delete(MessageId),
    Suspend(UserId),
}

/// What an action means for what was reported.
fn decided(report: &report::Model, action: Action) -> Result<Decision> {
    Ok(match action {
        Action::Dismiss => Decision::Nothing,
        Action::DeleteMessage => {
            let message = report.message_id.ok_or_else(|| unfit("this report is not about a message"))?;
            Decision::Delete(message)
        }
        Action::SuspendUser => {
            Decision::Suspend(report.user_id.ok_or_else(|| unfit("this report is not about a user"))?)
        }
    })
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
    /// `None` is the operator.
    by: Option<UserId>,
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
            let may = match change.by {
                Some(by) => accounts::is_moderator(tx, by).await?,
                None => true,
            };
            let mut plan = || {
                let report = reports.get_mut(&change.id).filter(|_| may).ok_or(Error::NotFound)?;
                if report.resolved_at.is_some() {
                    return closed(report, change.action).map(Plan::Done);
                }
                report.resolved_at = Some(tx.now);
                report.resolved_by_id = change.by;
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
