//! The commands with which an operator steers a server: done by the server that runs, which hears of them over its local
//! socket, or by the program itself where none runs. They are the same functions either way.

mod announce;
mod audit;
mod conversations;
mod messages;
mod people;
mod reports;
mod sheet;
mod stats;

use std::path::Path;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::program::Program;
use crate::terminal::Terminal;
use crate::{key_commands, operator};
use conversations::ConversationCommand;
use messages::{ImageCommand, MessageCommand};
use people::PeopleCommand;
use reports::ReportCommand;

/// What an operator does to a server, running or not.
#[derive(Debug, Subcommand)]
pub(crate) enum SteerCommand {
    /// Create, list, change, sign out and delete accounts
    #[command(subcommand)]
    User(AccountCommand),
    /// Show and remove messages
    #[command(subcommand)]
    Message(MessageCommand),
    /// Remove an image from where it is shown
    #[command(subcommand)]
    Image(ImageCommand),
    /// List, show and export conversations, and remove members
    #[command(subcommand)]
    Conversation(ConversationCommand),
    /// List and close reports
    #[command(subcommand)]
    Report(ReportCommand),
    /// Let a bot say something in a conversation, and print the message's id
    Announce(announce::Announcement),
    /// Print figures of the server
    Stats {
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make, list and revoke the keys of an app's backend
    #[command(subcommand)]
    Key(key_commands::KeyCommand),
    /// Make bots: users who are programs
    #[command(subcommand)]
    Bot(key_commands::BotCommand),
    /// Print what operators, moderators and keys did, the newest first, a JSON object a line
    Audit(audit::AuditArguments),
}

impl SteerCommand {
    /// The file that the command makes, if it makes one.
    pub(crate) fn output_file(&self) -> Option<&Path> {
        match self {
            Self::User(AccountCommand::People(PeopleCommand::Export { to, .. })) => Some(to),
            _ => None,
        }
    }
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// What changes how somebody signs in, and what they may do.
    #[command(flatten)]
    Access(operator::UserCommand),
    /// The rest.
    #[command(flatten)]
    People(PeopleCommand),
}

/// The words of a command, as a server gets them from another process.
#[derive(Parser)]
#[command(name = "parlour")]
struct SteerWords {
    #[command(subcommand)]
    command: SteerCommand,
}

/// Runs a command that was given as words, without the program's name.
pub(crate) async fn run_words(program: &Program, terminal: &Terminal, words: Vec<String>) -> anyhow::Result<()> {
    let words = std::iter::once("parlour".to_owned()).chain(words);
    let parsed = SteerWords::try_parse_from(words).context("the server does not know this command")?;
    run(program, terminal, parsed.command).await
}

/// Runs a command.
pub(crate) async fn run(program: &Program, terminal: &Terminal, command: SteerCommand) -> anyhow::Result<()> {
    match command {
        SteerCommand::User(AccountCommand::Access(command)) => operator::run(program, terminal, command).await,
        SteerCommand::User(AccountCommand::People(command)) => people::run(program, terminal, command).await,
        SteerCommand::Message(command) => messages::run(program, terminal, command).await,
        SteerCommand::Image(command) => messages::run_image(program, terminal, command).await,
        SteerCommand::Conversation(command) => conversations::run(program, terminal, command).await,
        SteerCommand::Report(command) => reports::run(program, terminal, command).await,
        SteerCommand::Announce(what) => announce::run(program, terminal, what).await,
        SteerCommand::Stats { json } => stats::print(program, terminal, json).await,
        SteerCommand::Key(command) => key_commands::run(program, terminal, command).await,
        SteerCommand::Bot(command) => key_commands::run_bot(program, terminal, command).await,
        SteerCommand::Audit(arguments) => audit::print(program, terminal, arguments).await,
    }
}
