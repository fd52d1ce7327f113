//! `parlour audit`: reading the audit log.

use clap::Args;
use uuid::Uuid;

use super::people::time_of;
use super::sheet::moment;
use crate::audit::{self, AuditFilter};
use crate::clock::Timestamp;
use crate::id::AuditId;
use crate::program::Program;
use crate::terminal::Terminal;

/// Which entries to print.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// How many entries
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    last: u64,
    /// Only what was done to this person, conversation, message, key, report or webhook
    #[arg(long, value_name = "ID")]
    subject: Option<Uuid>,
    /// Only what this person or key did
    #[arg(long, value_name = "ID")]
    actor: Option<Uuid>,
    /// Only this, such as user.disabled
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Only from then on, such as 2026-03-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time_of)]
    since: Option<Timestamp>,
    /// Only what is older than this entry: the last `id` of the page before
    #[arg(long, value_name = "ID", value_parser = entry_id)]
    before: Option<AuditId>,
}

fn entry_id(text: &str) -> Result<AuditId, &'static str> {
    AuditId::parse(text).ok_or("not an id of an entry")
}

/// Prints entries, the newest first, a JSON object a line.
pub(super) async fn print(program: &Program, terminal: &Terminal, arguments: AuditArguments) -> anyhow::Result<()> {
    let AuditArguments { last, subject, actor, action, since, before } = arguments;
    let filter = AuditFilter { subject, actor, action, since, before };
    for entry in audit::newest(&program.app.db.reader, &filter, last).await? {
        // Where older versions put an operator's reason.
        let is_operator = entry.actor == audit::OPERATOR;
        let entry = serde_json::json!({
            "id": entry.id.to_string(),
            "at": moment(entry.at),
            "actor": entry.actor,
            "key": entry.key_id.map(|id| id.to_string()),
            "user": entry.user_id.map(|id| id.to_string()),
            "actingAs": entry.acting_as_id.map(|id| id.to_string()),
            "action": entry.action,
            "subject": entry.subject_id.to_string(),
            "detail": entry.detail,
            "address": entry.address.as_ref().filter(|_| !is_operator),
            "reason": entry.reason.as_ref().or(entry.address.as_ref().filter(|_| is_operator)),
        });
        terminal.line(entry).await?;
    }
    Ok(())
}
