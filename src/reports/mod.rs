//! Reports to the moderators of the server: of messages, people and conversations.
//!
//! A report keeps what it is about as it was, through edits, deletions and erasure, until 90 days after it was closed.
//! Moderators see that, and nothing of the room around it.

mod file;
mod purge;
mod resolve;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

pub(crate) use file::{NewReport, ReportTarget, file};
pub(crate) use purge::run_background;
pub(crate) use resolve::{Resolution, resolve, resolve_for_operator};

use crate::accounts::Moderator;
use crate::app::App;
use crate::audit::Operator;
use crate::entity::report;
use crate::error::{Error, Result};
use crate::id::ReportId;
use crate::limits;
use crate::page::Page;

/// A comment or a note: up to 1,000 Unicode scalars, trimmed; `None` if nothing is left.
fn text(raw: Option<&str>, field: &'static str) -> Result<Option<String>> {
    let Some(text) = raw.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Error::input(field, "leave out control characters other than line breaks and tabs"));
    }
    let max = limits::REPORT_TEXT_LENGTH;
    if text.chars().count() > max {
        return Err(Error::input(field, format!("write at most {max} characters")));
    }
    Ok(Some(text.to_owned()))
}

/// The open reports, the oldest first, or those that were closed, the newest first; without those about the moderator,
/// which others decide about. `after` is the last one of the page
/// before.
pub(crate) async fn list(
    app: &App,
    moderator: Moderator,
    is_open: bool,
    first: u32,
    after: Option<ReportId>,
) -> Result<Page<report::Model>> {
    // A conversation's report is about nobody.
    let of_others =
        Condition::any().add(report::Column::UserId.is_null()).add(report::Column::UserId.ne(moderator.user()));
    page(app, report::Entity::find().filter(of_others), is_open, first, after).await
}

/// Likewise for the operator, who sees all.
pub(crate) async fn list_for_operator(
    app: &App,
    _: &Operator,
    is_open: bool,
    first: u32,
    after: Option<ReportId>,
) -> Result<Page<report::Model>> {
    page(app, report::Entity::find(), is_open, first, after).await
}

async fn page(
    app: &App,
    all: Select<report::Entity>,
    is_open: bool,
    first: u32,
    after: Option<ReportId>,
) -> Result<Page<report::Model>> {
    let (id, closed) = (report::Column::Id, report::Column::ResolvedAt);
    let all = all.filter(if is_open { closed.is_null() } else { closed.is_not_null() });
    let has_previous = match after {
        None => false,
        Some(after) => {
            let before = if is_open { id.lte(after) } else { id.gte(after) };
            all.clone().filter(before).limit(1).one(&app.db.reader).await?.is_some()
        }
    };
    let page = match (is_open, after) {
        (true, Some(after)) => all.filter(id.gt(after)),
        (false, Some(after)) => all.filter(id.lt(after)),
        (_, None) => all,
    };
    let page = if is_open { page.order_by_asc(id) } else { page.order_by_desc(id) };
    let rows = page.limit(u64::from(first) + 1).all(&app.db.reader).await?;
    Ok(Page::cut(rows, first, has_previous))
}
