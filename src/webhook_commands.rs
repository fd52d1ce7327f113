//! The operator's commands for webhooks.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use time::format_description::well_known::Rfc3339;
use time::{Duration as Span, OffsetDateTime};

use crate::clock::Timestamp;
use crate::entity::webhook;
use crate::graphql::Api;
use crate::id::{UserId, WebhookId};
use crate::limits;
use crate::operator::Why;
use crate::program::Program;
use crate::webhooks::{NewWebhook, PostAttempt, Webhooks, read_attempts};

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add a webhook; its id and its secret are printed
    Add(AddWebhook),
    /// List all webhooks
    List,
    /// Show a webhook: its position, its last error and its last tries
    Show(ChosenWebhook),
    /// Stop sending until `resume`; nothing is lost for as long as the feed is kept
    Pause(WebhookToChange),
    /// Send again, at once
    Resume(WebhookToChange),
    /// Go on from another cursor, back or forward
    Rewind {
        /// Which webhook
        #[command(flatten)]
        webhook: ChosenWebhook,
        /// A cursor of the feed, `oldest` or `newest`
        #[arg(long, allow_hyphen_values = true)]
        to: String,
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Sign with a new secret, which is printed, and for a day also with the one before
    Rotate(WebhookToChange),
    /// Remove a webhook
    Remove(WebhookToChange),
}

/// A webhook to add.
#[derive(Debug, Args)]
pub(crate) struct AddWebhook {
    /// Where to POST to: https, or http to a loopback address that WEBHOOK_ALLOW_NETS names
    #[arg(long)]
    url: String,
    /// A file with a subscription to `events`; without it, all events with what they are about
    #[arg(long, value_name = "FILE")]
    query: Option<PathBuf>,
    /// Send what this account receives, by its id; without it, what happens on the whole server
    #[arg(long, value_name = "ID", value_parser = account)]
    bot: Option<UserId>,
    /// Only these kinds of events, separated by commas, such as MESSAGE_ADDED,USER_CHANGED
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// Put up to so many events into one POST, as a list
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::WEBHOOK_BATCH)))]
    batch: u32,
    /// Begin after this cursor of the feed, or `oldest`; without it, with what happens next
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    from: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Which webhook.
#[derive(Debug, Args)]
pub(crate) struct ChosenWebhook {
    /// The webhook's id, as `parlour webhook list` prints it
    #[arg(value_parser = webhook_id)]
    id: WebhookId,
}

/// Which webhook to change, and why.
#[derive(Debug, Args)]
pub(crate) struct WebhookToChange {
    #[command(flatten)]
    webhook: ChosenWebhook,
    #[command(flatten)]
    why: Why,
}

fn account(text: &str) -> Result<UserId, &'static str> {
    UserId::parse(text).ok_or("not an id of an account")
}

fn webhook_id(text: &str) -> Result<WebhookId, &'static str> {
    WebhookId::parse(text).ok_or("not an id of a webhook")
}

/// Runs a command. What scripts need goes to standard output, what people read to standard error.
pub(crate) async fn run(program: &Program, command: WebhookCommand) -> anyhow::Result<()> {
    let webhooks = Webhooks::new(Api::new(program.clone()))?;
    match command {
        WebhookCommand::Add(new) => add(&webhooks, new).await,
        WebhookCommand::List => {
            for row in webhooks.list().await? {
                println!("{}  {}  {}", row.id, state(&row, webhooks.lag(&row).await?), row.url);
            }
            Ok(())
        }
        WebhookCommand::Show(ChosenWebhook { id }) => show(&webhooks, id).await,
        WebhookCommand::Pause(WebhookToChange { webhook: ChosenWebhook { id }, why }) => {
            webhooks.pause(&why.operator()?, id).await?;
            eprintln!("webhook {id} is paused");
            Ok(())
        }
        WebhookCommand::Resume(WebhookToChange { webhook: ChosenWebhook { id }, why }) => {
            webhooks.resume(&why.operator()?, id).await?;
            eprintln!("webhook {id} is sent to again");
            Ok(())
        }
        WebhookCommand::Rewind { webhook: ChosenWebhook { id }, to, why } => {
            webhooks.rewind(&why.operator()?, id, &to).await?;
            eprintln!("webhook {id} goes on from there");
            Ok(())
        }
        WebhookCommand::Rotate(WebhookToChange { webhook: ChosenWebhook { id }, why }) => {
            println!("{}", webhooks.rotate(&why.operator()?, id).await?);
            eprintln!("webhook {id} is signed with this secret, and for a day also with the one before");
            Ok(())
        }
        WebhookCommand::Remove(WebhookToChange { webhook: ChosenWebhook { id }, why }) => {
            webhooks.remove(&why.operator()?, id).await?;
            eprintln!("webhook {id} is removed");
            Ok(())
        }
    }
}

async fn add(webhooks: &Webhooks, new: AddWebhook) -> anyhow::Result<()> {
    let AddWebhook { url, query, bot, kinds, batch, from, why } = new;
    let read =
        |file: PathBuf| std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()));
    let document = query.map(read).transpose()?;
    let new = NewWebhook { url, document, user: bot, kinds, batch_size: batch, from };
    let row = webhooks.add(&why.operator()?, new).await?;
    println!("{}\n{}", row.id, row.secret);
    eprintln!("the first line is the webhook's id, the second its secret, with which the receiver verifies");
    Ok(())
}

async fn show(webhooks: &Webhooks, id: WebhookId) -> anyhow::Result<()> {
    let row = webhooks.find(id).await?;
    println!("id        {}", row.id);
    println!("url       {}", row.url);
    println!("state     {}", state(&row, webhooks.lag(&row).await?));
    println!("events of {}", row.user_id.map_or("the whole server".to_owned(), |user| user.to_string()));
    println!("kinds     {}", row.kinds.as_deref().unwrap_or("all"));
    println!("batch     {}", row.batch_size);
    println!("added     {}", when(row.created_at));
    println!("cursor    {}", webhooks.cursor_of(&row));
    println!("error     {}", row.last_error.as_deref().unwrap_or("none"));
    if let Some(at) = row.next_try_at {
        println!("next try  {}", when(at));
    }
    for PostAttempt { at, id, events, milliseconds, status, error } in read_attempts(&row.attempts) {
        let status = status.map_or("no answer".to_owned(), |status| status.to_string());
        let error = error.map(|error| format!("  {error}")).unwrap_or_default();
        println!("try       {}  {id}  {events} events  {milliseconds} ms  {status}{error}", when(Timestamp(at)));
    }
    println!("\n{}", row.document.trim_end());
    Ok(())
}

fn state(row: &webhook::Model, lag: i64) -> String {
    let state = match (row.paused_at, &row.pause_reason, row.failures) {
        (Some(_), None, _) => "paused".to_owned(),
        (Some(_), Some(reason), _) => format!("paused: {reason}"),
        (None, _, 0) => "active".to_owned(),
        (None, _, failures) => format!("failing, {failures} times in a row"),
    };
    format!("{state}, {lag} events behind")
}

fn when(at: Timestamp) -> String {
    let time = OffsetDateTime::UNIX_EPOCH + Span::milliseconds(at.0);
    time.format(&Rfc3339).unwrap_or_default()
}
