//! What people expect of messages, of groups, and of their own side of a conversation.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, binary_null, boolean, integer_null, small_integer, string_null, text_null, uuid_null,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0015_people"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum Message {
    Table,
    #[sea_orm(iden = "message_type")]
    Type,
    Metadata,
    SystemLine,
    Mentions,
    MentionsEveryone,
    Reactions,
    PinnedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum Conversation {
    Table,
    PictureId,
    Posting,
}

#[derive(Clone, Copy, DeriveIden)]
enum Membership {
    Table,
    Notifications,
    MutedUntil,
    ArchivedSeq,
    IsFavorite,
    IsMarkedUnread,
}

#[derive(Clone, Copy, DeriveIden)]
enum FeedEvent {
    Table,
    Detail,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null or with a default, so that the previous version need not know them.
        let of_messages = [
            string_null(Message::Type),
            text_null(Message::Metadata),
            text_null(Message::SystemLine),
            binary_null(Message::Mentions),
            boolean(Message::MentionsEveryone).default(false).to_owned(),
            text_null(Message::Reactions),
            big_integer_null(Message::PinnedAt),
        ];
        let of_conversations =
            [uuid_null(Conversation::PictureId), small_integer(Conversation::Posting).default(1).to_owned()];
        let of_memberships = [
            small_integer(Membership::Notifications).default(1).to_owned(),
            big_integer_null(Membership::MutedUntil),
            integer_null(Membership::ArchivedSeq),
            boolean(Membership::IsFavorite).default(false).to_owned(),
            boolean(Membership::IsMarkedUnread).default(false).to_owned(),
        ];
        add(manager, Message::Table, of_messages).await?;
        add(manager, Conversation::Table, of_conversations).await?;
        add(manager, Membership::Table, of_memberships).await?;
        add(manager, FeedEvent::Table, [text_null(FeedEvent::Detail)]).await
    }
}

/// Adds columns to a table, each by a statement of its own, as SQLite wants it.
async fn add(
    manager: &SchemaManager<'_>,
    table: impl IntoTableRef + Copy,
    columns: impl IntoIterator<Item = ColumnDef>,
) -> Result<(), DbErr> {
    for column in columns {
        manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
    }
    Ok(())
}
