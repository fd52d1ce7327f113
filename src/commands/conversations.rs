//! `parlour conversation`.

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::messages::object as message_object;
use super::sheet::{ListBounds, SheetForm, json_column, moment};
use crate::audit::{AuditAction, Operator};
use crate::conversations::{self, GroupActor};
use crate::entity::conversation::{self, DirectPair, Kind, Posting};
use crate::entity::membership::{self, Role};
use crate::entity::user;
use crate::error::Error;
use crate::id::ConversationId;
use crate::limits;
use crate::messages;
use crate::operator::{Why, find};
use crate::program::Program;
use crate::terminal::Terminal;

/// What to do with which conversation.
#[derive(Debug, Subcommand)]
pub(crate) enum ConversationCommand {
    /// List conversations, the oldest first
    List(ListBounds),
    /// Show a conversation and its first members
    Show {
        /// Its id
        id: String,
        /// How many members
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=limits::OPERATOR_LIST))]
        members: u32,
        #[command(flatten)]
        form: SheetForm,
    },
    /// Print a conversation with all members and messages, a JSON object a line
    Export {
        /// Its id
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Remove somebody from a group
    RemoveMember {
        /// The group's id
        id: String,
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        #[command(flatten)]
        why: Why,
    },
}

/// Runs a command.
pub(super) async fn run(program: &Program, terminal: &Terminal, command: ConversationCommand) -> anyhow::Result<()> {
    match command {
        ConversationCommand::List(bounds) => list(program, terminal, bounds).await,
        ConversationCommand::Show { id, members, form } => {
            let (app, by, row) = (&program.app, Operator::default(), named(program, &id).await?);
            let page = conversations::members_for_operator(app, &by, &row, members, None).await?;
            let mut object = object(&row);
            object.insert("members".to_owned(), page.items.iter().map(|one| Value::Object(member(one))).collect());
            form.object(terminal, object).await?;
            match page.has_next {
                true => terminal.note("it has more members: `parlour conversation export` prints all").await,
                false => Ok(()),
            }
        }
        ConversationCommand::Export { id, why } => export(program, terminal, &id, &why.operator()?).await,
        ConversationCommand::RemoveMember { id, who, why } => {
            let (row, person) = (named(program, &id).await?, find(program, &who).await?);
            let by = why.operator()?;
            match conversations::remove(&program.app, GroupActor::Operator(&by, row.id), person.id).await {
                Err(Error::NotFound) => anyhow::bail!("{who} is in no group {id}"),
                outcome => outcome?,
            };
            terminal.note(format!("{who} is no longer in {id}")).await
        }
    }
}

async fn named(program: &Program, id: &str) -> anyhow::Result<conversation::Model> {
    let parsed = ConversationId::parse(id).with_context(|| format!("{id} is no id of a conversation"))?;
    let found = conversations::find_for_operator(&program.app, &Operator::default(), parsed).await?;
    found.with_context(|| format!("there is no conversation {id}"))
}

async fn list(program: &Program, terminal: &Terminal, bounds: ListBounds) -> anyhow::Result<()> {
    let after = bounds.after(ConversationId::parse)?;
    let page = conversations::page_for_operator(&program.app, &Operator::default(), bounds.first, after).await?;
    for row in &page.items {
        bounds.form.row(terminal, Value::Object(object(row)), &["id", "kind", "lastSeq", "title"]).await?;
    }
    bounds.end(terminal, page.has_next, page.items.last().map(|row| row.id.to_string())).await
}

/// The conversation first, then its members, then its messages, some at a time: it is never in memory as a whole.
async fn export(program: &Program, terminal: &Terminal, id: &str, by: &Operator) -> anyhow::Result<()> {
    let (app, row) = (&program.app, named(program, id).await?);
    app.feed.note(by.record(AuditAction::ConversationExported, row.id)).await?;
    terminal.line(json!({ "conversation": object(&row) })).await?;
    let (mut after, size) = (None, u32::try_from(limits::OPERATOR_WINDOW).unwrap_or(u32::MAX));
    loop {
        let page = conversations::members_for_operator(app, by, &row, size, after).await?;
        for one in &page.items {
            terminal.line(json!({ "member": member(one) })).await?;
        }
        after = page.items.last().map(|(own, _)| (own.from_position, own.user_id));
        if !page.has_next {
            break;
        }
    }
    let mut seq = 0;
    loop {
        let page = messages::history_for_operator(app, by, row.id, seq).await?;
        let Some(last) = page.last() else { return Ok(()) };
        seq = last.seq;
        for message in &page {
            terminal.line(json!({ "message": message_object(message) })).await?;
        }
    }
}

fn object(row: &conversation::Model) -> Map<String, Value> {
    let kind = match row.kind {
        Kind::Direct => "direct",
        Kind::Group => "group",
    };
    let posting = match row.posting {
        Posting::Everyone => "everyone",
        Posting::Admins => "admins",
    };
    let pair: Vec<String> =
        row.direct_pair.iter().flat_map(DirectPair::people).map(|person| person.to_string()).collect();
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(row.id.to_string())),
        ("kind", json!(kind)),
        ("title", json!(row.title)),
        ("between", json!(pair)),
        ("posting", json!(posting)),
        ("lastSeq", json!(row.last_seq)),
        ("createdAt", json!(moment(row.created_at))),
        ("updatedAt", json!(moment(row.updated_at))),
        ("externalId", json!(row.external_id)),
        ("pictureId", json!(row.picture_id.map(|id| id.to_string()))),
        ("metadata", json_column(row.metadata.as_deref())),
    ] {
        object.insert(name.to_owned(), value);
    }
    object
}

fn member((own, user): &(membership::Model, user::Model)) -> Map<String, Value> {
    let role = match own.role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Member => "member",
    };
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(user.id.to_string())),
        ("role", json!(role)),
        ("joinedAt", json!(moment(own.joined_at))),
        ("lastReadSeq", json!(own.last_read_seq)),
        ("fullName", json!(user.full_name)),
    ] {
        object.insert(name.to_owned(), value);
    }
    object
}
