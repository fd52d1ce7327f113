//! `parlour announce`: a message that a bot sends for the operator.

use anyhow::{Context, ensure};
use clap::Args;

use crate::accounts::Viewer;
use crate::conversations::Reference;
use crate::error::Error;
use crate::id::{ConversationId, MessageId};
use crate::messages::{self, NewMessage};
use crate::operator::{Why, find};
use crate::program::Program;
use crate::terminal::Terminal;

/// What is said, where and by whom.
#[derive(Debug, Args)]
pub(crate) struct Announcement {
    /// The conversation's id: a group for announcements, for instance
    #[arg(long, value_name = "ID")]
    conversation: String,
    /// The bot that says it, by its id: it has to be in the conversation, and to be allowed to write there
    #[arg(long = "as", value_name = "BOT")]
    bot: String,
    /// What is said
    text: String,
    #[command(flatten)]
    why: Why,
}

/// Sends it, by the rules that hold for the bot, and prints the message's id. A person's words are their own: the operator puts
/// none into their mouth.
pub(super) async fn run(program: &Program, terminal: &Terminal, what: Announcement) -> anyhow::Result<()> {
    let Announcement { conversation, bot, text, why } = what;
    let place =
        ConversationId::parse(&conversation).with_context(|| format!("{conversation} is no id of a conversation"))?;
    let speaker = find(program, &bot).await?;
    ensure!(speaker.is_bot, "{bot} is no bot: `parlour bot add` makes one");
    ensure!(speaker.disabled_at.is_none(), "{bot} is disabled: `parlour user enable` lets it speak again");
    let viewer = Viewer::announcing(why.operator()?, speaker.id);
    let message = NewMessage::of_text(MessageId::new(), Reference::Id(place), text);
    let sent = match messages::send(&program.app, &viewer, &program.images, message).await {
        Err(Error::NotFound) => anyhow::bail!("{bot} is in no conversation {conversation}: its owner adds it"),
        Err(Error::Forbidden) => anyhow::bail!("{bot} may not write in {conversation}: its owner makes it an admin"),
        sent => sent?,
    };
    terminal.line(sent.id).await
}
