//! The operator's commands for keys, for bots, which sign in with one, and for the log of what was done.

use anyhow::Context;
use clap::Subcommand;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::accounts::{self, KeyScope, Name, NewKey};
use crate::audit;
use crate::clock::Timestamp;
use crate::entity::server_key;
use crate::error::Error;
use crate::id::KeyId;
use crate::program::Program;
use crate::terminal::Terminal;

/// What to do with which key.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it: it is shown this once
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do, separated by commas: users, conversations, messages, act-as
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<KeyScope>,
    },
    /// List the keys, without their texts
    List,
    /// Revoke a key: servers refuse it within a second
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

/// What to do with bots.
#[derive(Debug, Subcommand)]
pub(crate) enum BotCommand {
    /// Make a bot, a user who is a program, and print its key: it is shown this once
    Add {
        /// The name that others see
        #[arg(long)]
        name: String,
    },
}

/// Runs a command for bots. Only the key goes to standard output.
pub(crate) async fn run_bot(program: &Program, terminal: &Terminal, command: BotCommand) -> anyhow::Result<()> {
    let BotCommand::Add { name } = command;
    let (bot, NewKey { text, .. }) = program.accounts.add_bot_for_operator(Name::parse(&name)?).await?;
    let made = format!("the bot {bot} is made; its key is not shown again: keep it as you keep a password");
    terminal.note(made).await?;
    terminal.line(text.as_str()).await
}

/// Prints the newest entries of the audit log, the newest first, a JSON object a line.
pub(crate) async fn print_audit(program: &Program, terminal: &Terminal, count: u64) -> anyhow::Result<()> {
    for entry in audit::newest(&program.app.db.reader, count).await? {
        // Where older versions put an operator's reason.
        let is_operator = entry.actor == audit::OPERATOR;
        let entry = serde_json::json!({
            "at": moment(entry.at),
            "actor": entry.actor,
            "key": entry.key_id.map(|id| id.to_string()),
            "user": entry.user_id.map(|id| id.to_string()),
            "actingAs": entry.acting_as_id.map(|id| id.to_string()),
            "action": entry.action,
            "subject": entry.subject_id.to_string(),
            "address": entry.address.as_ref().filter(|_| !is_operator),
            "reason": entry.reason.as_ref().or(entry.address.as_ref().filter(|_| is_operator)),
        });
        terminal.line(entry).await?;
    }
    Ok(())
}

/// Runs a command. Of `create` only the key goes to standard output.
pub(crate) async fn run(program: &Program, terminal: &Terminal, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, scope } => {
            let NewKey { id, text } = program.accounts.create_key_for_operator(&name, scope).await?;
            let made = format!("the key {id} is made, and not shown again: keep it as you keep a password");
            terminal.note(made).await?;
            terminal.line(text.as_str()).await?;
        }
        KeyCommand::List => {
            for key in accounts::keys(&program.app).await? {
                terminal.line(line(&key)).await?;
            }
        }
        KeyCommand::Revoke { id } => {
            let unknown = || format!("there is no key {id}: `parlour key list` has them");
            let key = KeyId::parse(&id).with_context(unknown)?;
            match program.accounts.revoke_key_for_operator(key).await {
                Err(Error::NotFound) => anyhow::bail!(unknown()),
                outcome => outcome?,
            }
            terminal.note(format!("the key {id} is revoked")).await?;
        }
    }
    Ok(())
}

fn line(key: &server_key::Model) -> String {
    let server_key::Model { id, name, scopes, bot_id, created_at, last_used_at, .. } = key;
    let scopes = bot_id.map_or_else(|| scopes.clone(), |bot| format!("bot {bot}"));
    let used = last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", moment(at)));
    format!("{id}  {scopes}  made {}  {used}  {name}", moment(*created_at))
}

fn moment(at: Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}
