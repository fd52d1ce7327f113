//! `parlour report`.

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::sheet::{ListBounds, moment};
use crate::audit::Operator;
use crate::entity::report::{self, Action};
use crate::error::Error;
use crate::id::ReportId;
use crate::operator::Why;
use crate::program::Program;
use crate::reports::{self, Resolution};
use crate::terminal::Terminal;

/// What to do with which report.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// List open reports, the oldest first
    List {
        /// List those that were closed instead, the newest first
        #[arg(long)]
        closed: bool,
        #[command(flatten)]
        bounds: ListBounds,
    },
    /// Close a report, and do what it asks for
    Resolve {
        /// Its id
        id: String,
        /// What is done
        #[arg(long)]
        action: ReportStep,
        /// Why, for the moderators
        #[arg(long)]
        note: Option<String>,
        #[command(flatten)]
        why: Why,
    },
}

/// What is done about a report, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReportStep {
    /// Nothing
    Dismiss,
    /// The message is removed
    DeleteMessage,
    /// The user is disabled
    SuspendUser,
}

impl From<ReportStep> for Action {
    fn from(step: ReportStep) -> Self {
        match step {
            ReportStep::Dismiss => Self::Dismiss,
            ReportStep::DeleteMessage => Self::DeleteMessage,
            ReportStep::SuspendUser => Self::SuspendUser,
        }
    }
}

/// Runs a command.
pub(super) async fn run(program: &Program, terminal: &Terminal, command: ReportCommand) -> anyhow::Result<()> {
    match command {
        ReportCommand::List { closed, bounds } => {
            let after = bounds.after(ReportId::parse)?;
            let (app, by) = (&program.app, Operator::default());
            let page = reports::list_for_operator(app, &by, !closed, bounds.first, after).await?;
            for row in &page.items {
                bounds.form.row(terminal, object(row), &["id", "createdAt", "reason", "userId", "text"]).await?;
            }
            bounds.end(terminal, page.has_next, page.items.last().map(|row| row.id.to_string())).await
        }
        ReportCommand::Resolve { id, action, note, why } => {
            let parsed = ReportId::parse(&id).with_context(|| format!("{id} is no id of a report"))?;
            let resolution = Resolution { id: parsed, action: action.into(), note };
            let services = (&program.accounts, &program.images);
            match reports::resolve_for_operator(&program.app, services, &why.operator()?, resolution).await {
                Err(Error::NotFound) => anyhow::bail!("there is no report {id}, or what it is about is gone"),
                outcome => outcome?,
            };
            terminal.note(format!("the report {id} is closed")).await
        }
    }
}

fn object(row: &report::Model) -> Value {
    let reason = reports::reason_word(row.reason);
    let action = row.action.map(|action| match action {
        Action::Dismiss => "dismiss",
        Action::DeleteMessage => "delete-message",
        Action::SuspendUser => "suspend-user",
    });
    json!({
        "id": row.id.to_string(),
        "createdAt": moment(row.created_at),
        "reporterId": row.reporter_id.to_string(),
        "reason": reason,
        "comment": row.comment,
        "userId": row.user_id.map(|id| id.to_string()),
        "text": row.text,
        "imageId": row.image_id.map(|id| id.to_string()),
        "sentAt": row.sent_at.map(moment),
        "messageId": row.message_id.map(|id| id.to_string()),
        "conversationId": row.conversation_id.map(|id| id.to_string()),
        "conversationTitle": row.conversation_title,
        "resolvedAt": row.resolved_at.map(moment),
        "resolvedById": row.resolved_by_id.map(|id| id.to_string()),
        "action": action,
        "note": row.note,
    })
}
