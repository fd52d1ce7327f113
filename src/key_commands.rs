//! The operator's commands for keys, and for bots, which sign in with one.

use anyhow::Context;
use clap::Subcommand;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::accounts::{self, KeyScope, Name, NewKey};
use crate::clock::Timestamp;
use crate::entity::server_key;
use crate::error::Error;
use crate::id::KeyId;
use crate::operator::Why;
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
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// List the keys, without their texts
    List,
    /// Revoke a key: servers refuse it within a second
    Revoke {
        /// Its id, as `list` shows it
        id: String,
        /// Why
        #[command(flatten)]
        why: Why,
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
        /// Why
        #[command(flatten)]
        why: Why,
    },
}

/// Runs a command for bots. Only the key goes to standard output.
pub(crate) async fn run_bot(program: &Program, terminal: &Terminal, command: BotCommand) -> anyhow::Result<()> {
    let BotCommand::Add { name, why } = command;
    let added = program.accounts.add_bot_for_operator(&why.operator()?, Name::parse(&name)?).await?;
    let (bot, NewKey { text, .. }) = added;
    let made = format!("the bot {bot} is made; its key is not shown again: keep it as you keep a password");
    terminal.note(made).await?;
    terminal.line(text.as_str()).await
}

/// Runs a command. Of `create` only the key goes to standard output.
pub(crate) async fn run(program: &Program, terminal: &Terminal, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, scope, why } => {
            let made = program.accounts.create_key_for_operator(&why.operator()?, &name, scope).await?;
            let NewKey { id, text } = made;
            let made = format!("the key {id} is made, and not shown again: keep it as you keep a password");
            terminal.note(made).await?;
            terminal.line(text.as_str()).await?;
        }
        KeyCommand::List => {
            for key in accounts::keys(&program.app).await? {
                terminal.line(line(&key)).await?;
            }
        }
        KeyCommand::Revoke { id, why } => {
            let unknown = || format!("there is no key {id}: `parlour key list` has them");
            let key = KeyId::parse(&id).with_context(unknown)?;
            match program.accounts.revoke_key_for_operator(&why.operator()?, key).await {
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
