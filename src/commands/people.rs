//! `parlour user`: listing, showing, changing, signing out and deleting accounts.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::sheet::{ListBounds, SheetForm, json_column, moment};
use crate::accounts::{self, Email, Name};
use crate::clock::Timestamp;
use crate::directory::{self, AccountUpdate};
use crate::entity::server_role::StaffRole;
use crate::entity::user;
use crate::error::Error;
use crate::exports::ArchiveSink;
use crate::id::{SessionId, UserId};
use crate::messages::{self, ContentRemoval};
use crate::operator::{Why, find};
use crate::program::Program;
use crate::terminal::{Terminal, TerminalFile};

/// What to do with whose account.
#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// List accounts, the oldest first
    List(ListBounds),
    /// Show an account
    Show {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        #[command(flatten)]
        form: SheetForm,
    },
    /// List where a user is signed in
    Sessions {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        #[command(flatten)]
        form: SheetForm,
    },
    /// Sign a user out everywhere, or on one device
    SignOut {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// Only this session, as `sessions` prints it
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Change a user's name or address, or remove their picture
    Update {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// The name that others see
        #[arg(long)]
        name: Option<String>,
        /// The address with which they sign in
        #[arg(long)]
        email: Option<String>,
        /// Remove the picture
        #[arg(long)]
        no_picture: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Write all that is a user's own into a tar.gz, with the images
    Export {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// The new file, which must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        why: Why,
    },
    /// Delete an account with all that its user wrote: there is no way back
    Delete {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// Do it
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Remove what a user has written since a moment, everywhere
    RemoveContent {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// From when on, such as 2026-03-01T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time_of)]
        since: Timestamp,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) fn time_of(text: &str) -> Result<Timestamp, &'static str> {
    let wrong = "expected a time with its zone, such as 2026-03-01T00:00:00Z";
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong)?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map(Timestamp).map_err(|_| wrong)
}

/// Runs a command.
pub(super) async fn run(program: &Program, terminal: &Terminal, command: PeopleCommand) -> anyhow::Result<()> {
    match command {
        PeopleCommand::List(bounds) => list(program, terminal, bounds).await,
        PeopleCommand::Show { who, form } => show(program, terminal, &who, form).await,
        PeopleCommand::Sessions { who, form } => sessions(program, terminal, &who, form).await,
        PeopleCommand::SignOut { who, session, why } => sign_out(program, terminal, &who, session, &why).await,
        PeopleCommand::Update { who, name, email, no_picture, why } => {
            let update = AccountUpdate {
                name: name.as_deref().map(Name::parse).transpose()?,
                email: email.as_deref().map(Email::parse).transpose()?,
                removes_picture: no_picture,
            };
            update_account(program, terminal, &who, update, &why).await
        }
        PeopleCommand::Export { who, to, why } => {
            let (user, file) = (find(program, &who).await?.id, ExportedFile(terminal.file(&to)?));
            let ExportedFile(file) = program.exports.write_for_operator(&why.operator()?, user, file).await?;
            file.keep()?;
            terminal.note(format!("{} has all that is {who}'s own", to.display())).await
        }
        PeopleCommand::Delete { who, yes, why } => delete(program, terminal, &who, yes, &why).await,
        PeopleCommand::RemoveContent { who, since, why } => {
            let user = find(program, &who).await?.id;
            let what = ContentRemoval { user, since };
            let removed = messages::remove_content(&program.app, &why.operator()?, &program.images, what).await;
            let removed = removed.context("not all of it is removed: run the command again")?;
            terminal.note(format!("{removed} messages of {who} are removed")).await
        }
    }
}

/// An archive that goes to where the command was typed.
struct ExportedFile(TerminalFile);

impl ArchiveSink for ExportedFile {
    async fn put(&mut self, piece: Bytes) -> Result<(), Error> {
        self.0.write(piece).await.map_err(Error::Internal)
    }

    /// A command whose process is gone is dropped.
    async fn go_on(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn account(row: &user::Model) -> Map<String, Value> {
    let state = match (row.deleted_at, row.disabled_at) {
        (Some(_), _) => "erased",
        (None, Some(_)) => "disabled",
        (None, None) => "active",
    };
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(row.id.to_string())),
        ("state", json!(state)),
        ("fullName", json!(row.full_name)),
        ("email", json!(row.email)),
        ("externalId", json!(row.external_id)),
        ("isBot", json!(row.is_bot)),
        ("createdAt", json!(moment(row.created_at))),
        ("lastSeenAt", json!(row.last_seen_at.map(moment))),
    ] {
        object.insert(name.to_owned(), value);
    }
    object
}

async fn list(program: &Program, terminal: &Terminal, bounds: ListBounds) -> anyhow::Result<()> {
    let page = accounts::page_for_operator(&program.app, bounds.first, bounds.after(UserId::parse)?).await?;
    for row in &page.items {
        bounds.form.row(terminal, Value::Object(account(row)), &["id", "state", "email", "fullName"]).await?;
    }
    bounds.end(terminal, page.has_next, page.items.last().map(|row| row.id.to_string())).await
}

async fn show(program: &Program, terminal: &Terminal, who: &str, form: SheetForm) -> anyhow::Result<()> {
    let row = find(program, who).await?;
    let roles = accounts::roles_for_operator(&program.app, row.id).await?;
    let role = |role: &StaffRole| match role {
        StaffRole::Moderator => "moderator",
        StaffRole::Admin => "admin",
    };
    let mut object = account(&row);
    object.insert("roles".to_owned(), roles.iter().map(role).collect());
    let sessions = accounts::sessions_for_operator(&program.app, row.id).await?;
    object.insert("sessions".to_owned(), json!(sessions.len()));
    object.insert("contactEmail".to_owned(), json!(row.contact_email));
    object.insert("imageId".to_owned(), json!(row.image_id.map(|id| id.to_string())));
    object.insert("disabledAt".to_owned(), json!(row.disabled_at.map(moment)));
    object.insert("metadata".to_owned(), json_column(row.metadata.as_deref()));
    form.object(terminal, object).await
}

async fn sessions(program: &Program, terminal: &Terminal, who: &str, form: SheetForm) -> anyhow::Result<()> {
    let user = find(program, who).await?.id;
    for row in accounts::sessions_for_operator(&program.app, user).await? {
        let object = json!({
            "id": row.id.to_string(),
            "userAgent": row.user_agent,
            "createdAt": moment(row.created_at),
            "lastUsedAt": moment(row.last_used_at),
            "expiresAt": moment(row.expires_at),
        });
        form.row(terminal, object, &["id", "lastUsedAt", "userAgent"]).await?;
    }
    Ok(())
}

async fn sign_out(
    program: &Program,
    terminal: &Terminal,
    who: &str,
    session: Option<String>,
    why: &Why,
) -> anyhow::Result<()> {
    let (by, user) = (why.operator()?, find(program, who).await?.id);
    let Some(session) = session else {
        let ended = program.accounts.sign_out_for_operator(&by, user).await?;
        return terminal.note(format!("{who} is signed out everywhere: {ended} sessions have ended")).await;
    };
    let id = SessionId::parse(&session).with_context(|| format!("{session} is no id of a session"))?;
    let ended = program.accounts.revoke_session_for_operator(&by, user, id).await;
    ended.with_context(|| format!("{who} has no session {session}"))?;
    terminal.note(format!("the session {session} of {who} has ended")).await
}

async fn update_account(
    program: &Program,
    terminal: &Terminal,
    who: &str,
    update: AccountUpdate,
    why: &Why,
) -> anyhow::Result<()> {
    let AccountUpdate { name, email, removes_picture } = &update;
    ensure!(
        name.is_some() || email.is_some() || *removes_picture,
        "say what to change: --name, --email or --no-picture"
    );
    let user = find(program, who).await?;
    ensure!(email.is_none() || user.email.is_some(), "{who} does not sign in with an address of this server");
    let done = directory::update_for_operator(&program.app, &why.operator()?, &program.images, user.id, update).await?;
    let address = done.email.map(|email| format!(" and signs in as {email}")).unwrap_or_default();
    terminal.note(format!("{} is called {}{address}", done.id, done.full_name)).await
}

async fn delete(program: &Program, terminal: &Terminal, who: &str, yes: bool, why: &Why) -> anyhow::Result<()> {
    let user = find(program, who).await?;
    ensure!(yes, "this deletes {} ({}) for ever: repeat it with --yes", user.full_name, user.id);
    program.erasure.erase_for_operator(&why.operator()?, user.id).await?;
    terminal.note(format!("{who} is deleted, and nobody can read what they wrote")).await
}
