//! `parlour message` and `parlour image`.

use anyhow::{Context, ensure};
use clap::Subcommand;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value, json};

use super::sheet::{SheetForm, json_column, moment};
use crate::conversations::{self, GroupActor, GroupUpdate};
use crate::directory::{self, AccountUpdate};
use crate::entity::message::{self, UserList};
use crate::entity::{conversation, user};
use crate::id::{ImageId, MessageId};
use crate::messages;
use crate::operator::Why;
use crate::program::Program;
use crate::terminal::Terminal;

/// What to do with which message.
#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Show a message
    Show {
        /// Its id
        id: String,
        #[command(flatten)]
        form: SheetForm,
    },
    /// Remove a message, as its sender could
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

/// What to do with which image.
#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Remove an image from where it is shown: a message with it is removed as a whole, a picture is taken down
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

/// Runs a command.
pub(super) async fn run(program: &Program, terminal: &Terminal, command: MessageCommand) -> anyhow::Result<()> {
    let parse = |id: &str| MessageId::parse(id).with_context(|| format!("{id} is no id of a message"));
    match command {
        MessageCommand::Show { id, form } => {
            let found = messages::by_ids(&program.app, &[parse(&id)?]).await?.pop();
            form.object(terminal, object(&found.with_context(|| format!("there is no message {id}"))?)).await
        }
        MessageCommand::Remove { id, why } => {
            let message = parse(&id)?;
            let there = messages::by_ids(&program.app, &[message]).await?;
            ensure!(!there.is_empty(), "there is no message {id}");
            messages::delete_for_operator(&program.app, &why.operator()?, &program.images, message).await?;
            terminal.note(format!("the message {id} is removed")).await
        }
    }
}

/// A message as it is printed and exported.
pub(super) fn object(row: &message::Model) -> Map<String, Value> {
    let mut object = Map::new();
    let mentions: Vec<String> =
        row.mentions.iter().flat_map(UserList::people).map(|person| person.to_string()).collect();
    for (name, value) in [
        ("id", json!(row.id.to_string())),
        ("conversationId", json!(row.conversation_id.to_string())),
        ("seq", json!(row.seq)),
        ("senderId", json!(row.sender_id.to_string())),
        ("text", json!(row.text)),
        ("imageId", json!(row.image_id.map(|id| id.to_string()))),
        ("replyToId", json!(row.reply_to_id.map(|id| id.to_string()))),
        ("mentions", json!(mentions)),
        ("mentionsEveryone", json!(row.mentions_everyone)),
        ("version", json!(row.version)),
        ("createdAt", json!(moment(row.created_at))),
        ("editedAt", json!(row.edited_at.map(moment))),
        ("deletedAt", json!(row.deleted_at.map(moment))),
        ("pinnedAt", json!(row.pinned_at.map(moment))),
        ("messageType", json!(row.message_type)),
        ("metadata", json_column(row.metadata.as_deref())),
        ("systemLine", json_column(row.system_line.as_deref())),
        ("reactions", json_column(row.reactions.as_deref())),
    ] {
        object.insert(name.to_owned(), value);
    }
    object
}

/// Runs a command.
pub(super) async fn run_image(program: &Program, terminal: &Terminal, command: ImageCommand) -> anyhow::Result<()> {
    let ImageCommand::Remove { id, why } = command;
    let (app, by) = (&program.app, why.operator()?);
    let image = ImageId::parse(&id).with_context(|| format!("{id} is no id of an image"))?;
    let mut removed = 0;
    for message in messages::showing_image(app, &by, image).await? {
        messages::delete_for_operator(app, &by, &program.images, message.id).await?;
        removed += 1;
    }
    let people = user::Entity::find().filter(user::Column::ImageId.eq(image)).all(&app.db.reader).await?;
    for person in people {
        let update = AccountUpdate { removes_picture: true, ..AccountUpdate::default() };
        directory::update_for_operator(app, &by, &program.images, person.id, update).await?;
        removed += 1;
    }
    let groups = conversation::Entity::find().filter(conversation::Column::PictureId.eq(image));
    for group in groups.all(&app.db.reader).await? {
        let update = GroupUpdate { picture: Some(None), ..GroupUpdate::default() };
        conversations::update(app, &program.images, GroupActor::Operator(&by, group.id), update).await?;
        removed += 1;
    }
    ensure!(removed > 0, "no message, user or group shows the image {id}");
    terminal.note(format!("the image {id} is removed, from {removed} places")).await
}
