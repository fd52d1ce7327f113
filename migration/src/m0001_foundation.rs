//! People, sessions, conversations with membership as history, messages, and the feed's log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len_null, integer, small_integer, string, string_null, text_null, uuid,
    uuid_null,
};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

/// The kind of a feed event for a read mark; numbers of kinds never change.
const READ_MARK_MOVED: i16 = 3;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_foundation"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum User {
    Table,
    Id,
    FullName,
    NameKey,
    Email,
    PasswordHash,
    LastSeenAt,
    ChangedPosition,
    CreatedAt,
    UpdatedAt,
    DeletedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum Session {
    Table,
    Id,
    UserId,
    UserAgent,
    CreatedAt,
    LastUsedAt,
    ExpiresAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum Conversation {
    Table,
    Id,
    Kind,
    Title,
    DirectPair,
    LastSeq,
    LastPosition,
    ActivePosition,
    CreatedAt,
    UpdatedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum Membership {
    Table,
    ConversationId,
    UserId,
    FromPosition,
    ToPosition,
    Role,
    LastReadSeq,
    JoinedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum Message {
    Table,
    Id,
    ConversationId,
    Seq,
    SenderId,
    Text,
    ReplyToId,
    Version,
    Position,
    Nonce,
    CreatedAt,
    EditedAt,
    DeletedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum FeedHead {
    Table,
    Id,
    Position,
}

#[derive(Clone, Copy, DeriveIden)]
enum FeedEvent {
    Table,
    Position,
    Nonce,
    Kind,
    ConversationId,
    RecipientId,
    UserId,
    MessageId,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        people(manager).await?;
        conversations(manager).await?;
        messages(manager).await?;
        feed(manager).await
    }
}

async fn people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(User::Table)
                .col(uuid(User::Id).primary_key())
                .col(string(User::FullName))
                // The name as it is searched and sorted: normalised by the program, so that every database sorts alike.
                .col(string(User::NameKey))
                // Null once the account is erased.
                .col(string_null(User::Email))
                .col(string_null(User::PasswordHash))
                .col(big_integer_null(User::LastSeenAt))
                // The position of the newest change that others see; 0 if there was none.
                .col(big_integer(User::ChangedPosition))
                .col(big_integer(User::CreatedAt))
                .col(big_integer(User::UpdatedAt))
                .col(big_integer_null(User::DeletedAt))
                .to_owned(),
        )
        .await?;
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        // By bytes, as SQLite and the program itself compare it, whatever the language of the database.
        let by_bytes = r#"ALTER TABLE "user" ALTER COLUMN name_key TYPE varchar COLLATE "C""#;
        manager.get_connection().execute_unprepared(by_bytes).await?;
    }
    unique(manager, "user_email_key", User::Table, &[User::Email]).await?;
    index(manager, "user_name_idx", User::Table, &[User::NameKey, User::Id]).await?;
    manager
        .create_table(
            Table::create()
                .table(Session::Table)
                .col(uuid(Session::Id).primary_key())
                .col(uuid(Session::UserId))
                .col(text_null(Session::UserAgent))
                .col(big_integer(Session::CreatedAt))
                .col(big_integer(Session::LastUsedAt))
                .col(big_integer(Session::ExpiresAt))
                .foreign_key(&mut reference(
                    "session_user_fkey",
                    Session::Table,
                    Session::UserId,
                    User::Table,
                    User::Id,
                ))
                .to_owned(),
        )
        .await?;
    index(manager, "session_user_idx", Session::Table, &[Session::UserId, Session::CreatedAt]).await
}

async fn conversations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Conversation::Table)
                .col(uuid(Conversation::Id).primary_key())
                .col(small_integer(Conversation::Kind))
                .col(string_null(Conversation::Title))
                // The sorted ids of the two people of a direct conversation.
                .col(binary_len_null(Conversation::DirectPair, 32))
                .col(integer(Conversation::LastSeq))
                // The position of the newest event here. It shows, even after the log was trimmed, whether somebody missed one.
                .col(big_integer(Conversation::LastPosition))
                // The position of its creation or newest message: the order of the sidebar, which does not depend on clocks.
                .col(big_integer(Conversation::ActivePosition))
                .col(big_integer(Conversation::CreatedAt))
                .col(big_integer(Conversation::UpdatedAt))
                .to_owned(),
        )
        .await?;
    unique(manager, "conversation_direct_pair_key", Conversation::Table, &[Conversation::DirectPair]).await?;
    manager
        .create_table(
            Table::create()
                .table(Membership::Table)
                .col(uuid(Membership::ConversationId))
                .col(uuid(Membership::UserId))
                .col(big_integer(Membership::FromPosition))
                // Null while the person is a member.
                .col(big_integer_null(Membership::ToPosition))
                .col(small_integer(Membership::Role))
                .col(integer(Membership::LastReadSeq))
                .col(big_integer(Membership::JoinedAt))
                .primary_key(
                    Index::create()
                        .name("membership_pkey")
                        .col(Membership::ConversationId)
                        .col(Membership::UserId)
                        .col(Membership::FromPosition),
                )
                .foreign_key(&mut reference(
                    "membership_conversation_fkey",
                    Membership::Table,
                    Membership::ConversationId,
                    Conversation::Table,
                    Conversation::Id,
                ))
                .foreign_key(&mut reference(
                    "membership_user_fkey",
                    Membership::Table,
                    Membership::UserId,
                    User::Table,
                    User::Id,
                ))
                .to_owned(),
        )
        .await?;
    let current = || Expr::col(Membership::ToPosition).is_null();
    manager
        .create_index(
            Index::create()
                .name("membership_current_key")
                .table(Membership::Table)
                .unique()
                .col(Membership::ConversationId)
                .col(Membership::UserId)
                .and_where(current())
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("membership_user_idx")
                .table(Membership::Table)
                .col(Membership::UserId)
                .and_where(current())
                .to_owned(),
        )
        .await
}

async fn messages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Message::Table)
                .col(uuid(Message::Id).primary_key())
                .col(uuid(Message::ConversationId))
                .col(integer(Message::Seq))
                .col(uuid(Message::SenderId))
                .col(text_null(Message::Text))
                .col(uuid_null(Message::ReplyToId))
                .col(integer(Message::Version))
                // The position of its MessageAdded, which outlives the trimmed log.
                .col(big_integer(Message::Position))
                .col(big_integer(Message::Nonce))
                .col(big_integer(Message::CreatedAt))
                .col(big_integer_null(Message::EditedAt))
                .col(big_integer_null(Message::DeletedAt))
                .foreign_key(&mut reference(
                    "message_conversation_fkey",
                    Message::Table,
                    Message::ConversationId,
                    Conversation::Table,
                    Conversation::Id,
                ))
                .foreign_key(&mut reference(
                    "message_sender_fkey",
                    Message::Table,
                    Message::SenderId,
                    User::Table,
                    User::Id,
                ))
                .to_owned(),
        )
        .await?;
    unique(manager, "message_seq_key", Message::Table, &[Message::ConversationId, Message::Seq]).await
}

async fn feed(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(FeedHead::Table)
                .col(small_integer(FeedHead::Id).primary_key())
                .col(big_integer(FeedHead::Position))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table(FeedEvent::Table)
                .col(big_integer(FeedEvent::Position).primary_key())
                .col(big_integer(FeedEvent::Nonce))
                .col(small_integer(FeedEvent::Kind))
                // It is delivered to the recipient if there is one, else to the conversation's members, else to
                // those who share a conversation with the user.
                .col(uuid_null(FeedEvent::ConversationId))
                .col(uuid_null(FeedEvent::RecipientId))
                .col(uuid_null(FeedEvent::UserId))
                .col(uuid_null(FeedEvent::MessageId))
                .col(big_integer(FeedEvent::CreatedAt))
                .to_owned(),
        )
        .await?;
    let conversation = [FeedEvent::ConversationId, FeedEvent::Position];
    index(manager, "feed_event_conversation_idx", FeedEvent::Table, &conversation).await?;
    manager
        .create_index(
            Index::create()
                .name("feed_event_recipient_idx")
                .table(FeedEvent::Table)
                .col(FeedEvent::RecipientId)
                .col(FeedEvent::Position)
                .and_where(Expr::col(FeedEvent::RecipientId).is_not_null())
                .to_owned(),
        )
        .await?;
    // Changes of people are few, and a replay reads all of them after a position.
    manager
        .create_index(
            Index::create()
                .name("feed_event_people_idx")
                .table(FeedEvent::Table)
                .col(FeedEvent::Position)
                .and_where(Expr::col(FeedEvent::ConversationId).is_null())
                .to_owned(),
        )
        .await?;
    // Whether a read mark was moved again later: a replay delivers only the newest move.
    manager
        .create_index(
            Index::create()
                .name("feed_event_read_mark_idx")
                .table(FeedEvent::Table)
                .col(FeedEvent::ConversationId)
                .col(FeedEvent::UserId)
                .col(FeedEvent::Position)
                .and_where(Expr::col(FeedEvent::Kind).eq(READ_MARK_MOVED))
                .to_owned(),
        )
        .await
}

fn reference<T: IntoIden, C: IntoIden, RT: IntoIden, RC: IntoIden>(
    name: &str,
    table: T,
    column: C,
    to: RT,
    key: RC,
) -> ForeignKeyCreateStatement {
    let (table, column) = (table.into_iden(), column.into_iden());
    ForeignKey::create().name(name).from(table, column).to(to.into_iden(), key.into_iden()).to_owned()
}

async fn index<I: IntoIden + Copy>(
    manager: &SchemaManager<'_>,
    name: &str,
    table: impl IntoIden,
    columns: &[I],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table.into_iden()).to_owned();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}

async fn unique<I: IntoIden + Copy>(
    manager: &SchemaManager<'_>,
    name: &str,
    table: impl IntoIden,
    columns: &[I],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table.into_iden()).unique().to_owned();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
