//! Who has blocked whom, what was reported, who moderates, and the parts of names by which people are found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, small_integer, small_integer_null, string_null, text, text_null, uuid,
    uuid_null,
};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0018_blocks"
    }
}

#[derive(DeriveIden)]
enum UserBlock {
    Table,
    BlockerId,
    BlockedId,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Report {
    Table,
    Id,
    ReporterId,
    Reason,
    Comment,
    UserId,
    Text,
    ImageId,
    SentAt,
    MessageId,
    ConversationId,
    ConversationTitle,
    CreatedAt,
    ResolvedAt,
    ResolvedById,
    Action,
    Note,
}

#[derive(DeriveIden)]
enum ServerRole {
    Table,
    UserId,
    Role,
    GrantedAt,
}

#[derive(DeriveIden)]
enum NamePart {
    Table,
    UserId,
    Part,
    IsStart,
}

#[derive(DeriveIden)]
enum NameChange {
    Table,
    UserId,
}

#[derive(DeriveIden)]
enum AuditEntry {
    Table,
    UserId,
}

#[derive(DeriveIden)]
enum User {
    Table,
    Id,
}

/// People whose names have changed since their parts were written. A trigger writes them, so that a node of the previous
/// version, which knows nothing of parts, need not: the program writes the missing parts in small steps. SQLite has one
/// server, which writes them itself; and there a trigger would make each new person's row look for messages of theirs, as
/// it makes the statement one of many writes for which foreign keys are checked both ways.
const POSTGRES: [&str; 4] = [
    // In the order of bytes, by which prefixes are ranges.
    "ALTER TABLE name_part ALTER COLUMN part TYPE varchar COLLATE \"C\"",
    "CREATE FUNCTION user_name_changed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       INSERT INTO name_change (user_id) VALUES (new.id) ON CONFLICT DO NOTHING;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER user_name_added AFTER INSERT ON \"user\" FOR EACH ROW EXECUTE FUNCTION user_name_changed()",
    "CREATE TRIGGER user_name_changed AFTER UPDATE OF full_name ON \"user\"
     FOR EACH ROW WHEN (old.full_name IS DISTINCT FROM new.full_name) EXECUTE FUNCTION user_name_changed()",
];

const EVERYBODY: &str = "INSERT INTO name_change (user_id) SELECT id FROM \"user\"";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        blocks(manager).await?;
        reports(manager).await?;
        roles(manager).await?;
        names(manager).await?;
        // Who did it, where that is a moderator.
        let moderator = uuid_null(AuditEntry::UserId);
        manager.alter_table(Table::alter().table(AuditEntry::Table).add_column(moderator).to_owned()).await
    }
}

async fn blocks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(UserBlock::Table)
                .col(uuid(UserBlock::BlockerId))
                .col(uuid(UserBlock::BlockedId))
                .col(big_integer(UserBlock::CreatedAt))
                .primary_key(Index::create().col(UserBlock::BlockerId).col(UserBlock::BlockedId))
                .foreign_key(&mut to_user("user_block_blocker_fkey", (UserBlock::Table, UserBlock::BlockerId)))
                .foreign_key(&mut to_user("user_block_blocked_fkey", (UserBlock::Table, UserBlock::BlockedId)))
                .to_owned(),
        )
        .await?;
    let by_blocked = Index::create()
        .name("user_block_blocked_idx")
        .table(UserBlock::Table)
        .col(UserBlock::BlockedId)
        .col(UserBlock::BlockerId)
        .to_owned();
    manager.create_index(by_blocked).await
}

/// What it says of messages and conversations is kept when these change, so their ids are not checked.
async fn reports(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Report::Table)
                .col(uuid(Report::Id).primary_key())
                .col(uuid(Report::ReporterId))
                .col(small_integer(Report::Reason))
                .col(text_null(Report::Comment))
                .col(uuid_null(Report::UserId))
                .col(text_null(Report::Text))
                .col(uuid_null(Report::ImageId))
                .col(big_integer_null(Report::SentAt))
                .col(uuid_null(Report::MessageId))
                .col(uuid_null(Report::ConversationId))
                .col(string_null(Report::ConversationTitle))
                .col(big_integer(Report::CreatedAt))
                .col(big_integer_null(Report::ResolvedAt))
                .col(uuid_null(Report::ResolvedById))
                .col(small_integer_null(Report::Action))
                .col(text_null(Report::Note))
                .foreign_key(&mut to_user("report_reporter_fkey", (Report::Table, Report::ReporterId)))
                .foreign_key(&mut to_user("report_user_fkey", (Report::Table, Report::UserId)))
                .foreign_key(&mut to_user("report_resolved_by_fkey", (Report::Table, Report::ResolvedById)))
                .to_owned(),
        )
        .await?;
    let index = |name: &str| Index::create().name(name).table(Report::Table).to_owned();
    manager
        .create_index(index("report_reporter_idx").col(Report::ReporterId).col(Report::CreatedAt).to_owned())
        .await?;
    manager.create_index(index("report_resolved_idx").col(Report::ResolvedAt).col(Report::Id).to_owned()).await?;
    // What refers to people is looked up whenever a person's row is written.
    manager.create_index(index("report_user_idx").col(Report::UserId).to_owned()).await?;
    manager.create_index(index("report_resolved_by_idx").col(Report::ResolvedById).to_owned()).await?;
    // Asked for each image that is about to be deleted.
    manager.create_index(index("report_image_idx").col(Report::ImageId).to_owned()).await
}

async fn roles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(ServerRole::Table)
                .col(uuid(ServerRole::UserId))
                .col(small_integer(ServerRole::Role))
                .col(big_integer(ServerRole::GrantedAt))
                .primary_key(Index::create().col(ServerRole::UserId).col(ServerRole::Role))
                .foreign_key(&mut to_user("server_role_user_fkey", (ServerRole::Table, ServerRole::UserId)))
                .to_owned(),
        )
        .await
}

async fn names(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(NamePart::Table)
                .col(uuid(NamePart::UserId))
                .col(text(NamePart::Part))
                // Whether a word of the name begins with it.
                .col(boolean(NamePart::IsStart))
                .primary_key(Index::create().col(NamePart::UserId).col(NamePart::Part))
                .foreign_key(&mut to_user("name_part_user_fkey", (NamePart::Table, NamePart::UserId)))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(Table::create().table(NameChange::Table).col(uuid(NameChange::UserId).primary_key()).to_owned())
        .await?;
    let db = manager.get_connection();
    let own: &[&str] = match db.get_database_backend() {
        DatabaseBackend::Postgres => &POSTGRES,
        _ => &[],
    };
    for statement in own.iter().chain(&[EVERYBODY]) {
        db.execute_unprepared(statement).await?;
    }
    let by_part = Index::create()
        .name("name_part_part_idx")
        .table(NamePart::Table)
        .col(NamePart::Part)
        .col(NamePart::IsStart)
        .col(NamePart::UserId)
        .to_owned();
    manager.create_index(by_part).await
}

fn to_user<T: IntoTableRef, C: IntoIden>(name: &str, (table, column): (T, C)) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(name).from(table, column).to(User::Table, User::Id).to_owned()
}
