//! Reporting something.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::Viewer;
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::report::{self, Reason};
use crate::entity::{conversation, message, user};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, MessageId, ReportId, UserId};
use crate::{limits, rates};

/// What somebody reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportTarget {
    /// A message that they see.
    Message(MessageId),
    /// A person whom they find or know from a conversation.
    User(UserId),
    /// A conversation that they are in.
    Conversation(ConversationId),
}

/// A report to make.
#[derive(Clone, Debug)]
pub(crate) struct NewReport {
    /// What it is about.
    pub target: ReportTarget,
    /// Why.
    pub reason: Reason,
    /// More about it, as typed.
    pub comment: Option<String>,
}

/// Reports something to the moderators. `NotFound` for what the viewer may not see, and for a message that is deleted;
/// `RateLimited` after 20 in a day.
pub(crate) async fn file(app: &App, viewer: &Viewer, new: NewReport) -> Result<()> {
    let NewReport { target, reason, comment } = new;
    let comment = super::text(comment.as_deref(), "input.comment")?;
    if let ReportTarget::User(user) = target {
        if user == viewer.user() {
            return Err(Error::input("input.target.userId", "you cannot report yourself"));
        }
        if !directory::is_known(app, viewer, user).await? {
            return Err(Error::NotFound);
        }
    }
    let is_limited = app.config.rate_limits;
    let filed = app.feed.append(FileReport { reporter: viewer.user(), target, reason, comment, is_limited }).await;
    // Not where it is decided: a batch may be planned again.
    filed.inspect_err(|error| {
        if matches!(error, Error::RateLimited { .. }) {
            rates::refused("reports");
        }
    })
}

struct FileReport {
    reporter: UserId,
    target: ReportTarget,
    reason: Reason,
    comment: Option<String>,
    is_limited: bool,
}

impl Change for FileReport {
    type Answer = ();
    type Write = report::Model;
    /// Before what deletes messages and people in its batch, so that these leave what it keeps.
    const RANK: Rank = Rank::People;

    /// There are few of them, so each reads for itself.
    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut counted: HashMap<UserId, Vec<Timestamp>> = HashMap::new();
        let mut plans = Vec::with_capacity(changes.len());
        for change in changes {
            let mut times = match counted.remove(&change.reporter) {
                Some(times) => times,
                None => recent(tx, change.reporter).await?,
            };
            plans.push(match change.row(tx).await? {
                None => Err(Error::NotFound),
                Some(row) => allowed(&times, tx.now, change.is_limited).map(|()| {
                    times.push(tx.now);
                    Plan::Write { write: row, events: 0 }
                }),
            });
            counted.insert(change.reporter, times);
        }
        Ok(plans)
    }

    async fn write(tx: &Tx, writes: Vec<Placed<report::Model>>) -> Writes<Self> {
        let answers = writes.iter().map(|_| Written::silent(())).collect();
        db::insert(tx, writes.into_iter().map(|placed| placed.write).collect()).await?;
        Ok(answers)
    }
}

/// When a person reported something in the last day, the earliest first.
async fn recent(tx: &Tx, reporter: UserId) -> Result<Vec<Timestamp>, DbErr> {
    let times = report::Entity::find()
        .select_only()
        .column(report::Column::CreatedAt)
        .filter(report::Column::ReporterId.eq(reporter))
        .filter(report::Column::CreatedAt.gt(tx.now - limits::REPORTS_TIME))
        .order_by_asc(report::Column::CreatedAt);
    times.into_tuple::<Timestamp>().all(tx).await
}

fn allowed(times: &[Timestamp], now: Timestamp, is_limited: bool) -> Result<()> {
    let limit = usize::try_from(limits::REPORTS_PER_USER).unwrap_or(usize::MAX);
    match times.len().checked_sub(limit) {
        Some(oldest) if is_limited => {
            Err(Error::RateLimited { retry_after: (times[oldest] + limits::REPORTS_TIME).since(now) })
        }
        Some(_) | None => Ok(()),
    }
}

impl FileReport {
    /// What is kept; `None` if it is not there for the reporter.
    async fn row(&self, tx: &Tx) -> Result<Option<report::Model>, DbErr> {
        let mut row = report::Model {
            id: ReportId::new(),
            reporter_id: self.reporter,
            reason: self.reason,
            comment: self.comment.clone(),
            user_id: None,
            text: None,
            image_id: None,
            sent_at: None,
            message_id: None,
            conversation_id: None,
            conversation_title: None,
            created_at: tx.now,
            resolved_at: None,
            resolved_by_id: None,
            action: None,
            note: None,
        };
        let of_conversation = match self.target {
            ReportTarget::User(id) => {
                let Some(user) = user::Entity::find_by_id(id).one(tx).await? else { return Ok(None) };
                if user.deleted_at.is_some() {
                    return Ok(None);
                }
                (row.user_id, row.text, row.image_id) = (Some(id), Some(user.full_name), user.image_id);
                return Ok(Some(row));
            }
            ReportTarget::Message(id) => {
                let message = message::read(message::Entity::find_by_id(id), tx).await?.pop();
                let Some(message) = message.filter(|message| message.deleted_at.is_none()) else { return Ok(None) };
                row.user_id = Some(message.sender_id);
                (row.text, row.image_id) = (message.text, message.image_id);
                (row.sent_at, row.message_id) = (Some(message.created_at), Some(id));
                message.conversation_id
            }
            ReportTarget::Conversation(id) => id,
        };
        if db::own_memberships(tx, [(of_conversation, self.reporter)]).await?.is_empty() {
            return Ok(None);
        }
        let Some(found) = conversation::Entity::find_by_id(of_conversation).one(tx).await? else { return Ok(None) };
        if row.message_id.is_none() {
            row.image_id = found.picture_id;
        }
        (row.conversation_id, row.conversation_title) = (Some(found.id), found.title);
        Ok(Some(row))
    }
}
