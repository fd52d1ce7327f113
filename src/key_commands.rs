//! The operator's commands for the keys of an app's backend.

use anyhow::Context;
use clap::Subcommand;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::accounts::{self, KeyScope, NewKey};
use crate::clock::Timestamp;
use crate::entity::server_key;
use crate::error::Error;
use crate::id::KeyId;
use crate::program::Program;

/// What to do with which key.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it: it is shown this once
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do, separated by commas: users
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

/// Runs a command. Of `create` only the key goes to standard output.
pub async fn run(program: &Program, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, scope } => {
            let NewKey { id, text } = program.accounts.create_key_for_operator(&name, scope).await?;
            eprintln!("the key {id} is made, and not shown again: keep it as you keep a password");
            println!("{}", text.as_str());
        }
        KeyCommand::List => {
            for key in accounts::keys(&program.app).await? {
                println!("{}", line(&key));
            }
        }
        KeyCommand::Revoke { id } => {
            let unknown = || format!("there is no key {id}: `parlour key list` has them");
            let key = KeyId::parse(&id).with_context(unknown)?;
            match program.accounts.revoke_key_for_operator(key).await {
                Err(Error::NotFound) => anyhow::bail!(unknown()),
                outcome => outcome?,
            }
            eprintln!("the key {id} is revoked");
        }
    }
    Ok(())
}

fn line(key: &server_key::Model) -> String {
    let server_key::Model { id, name, scopes, created_at, last_used_at, .. } = key;
    let used = last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", moment(at)));
    format!("{id}  {scopes}  made {}  {used}  {name}", moment(*created_at))
}

fn moment(at: Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}
