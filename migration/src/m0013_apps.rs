//! What apps bring along: keys of their backends, people, ids and data of theirs; and the log of who did what.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, boolean, string, string_null, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DatabaseBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0013_apps"
    }
}

#[derive(Clone, Copy, DeriveIden)]
enum User {
    Table,
    Id,
    ExternalId,
    ExternalIssuer,
    ContactEmail,
    IsBot,
    Metadata,
    TokensFrom,
}

#[derive(Clone, Copy, DeriveIden)]
enum Conversation {
    Table,
    ExternalId,
    Metadata,
}

#[derive(Clone, Copy, DeriveIden)]
enum ServerKey {
    Table,
    Id,
    Name,
    Hash,
    Scopes,
    BotId,
    CreatedAt,
    LastUsedAt,
}

#[derive(Clone, Copy, DeriveIden)]
enum AuditEntry {
    Table,
    Id,
    At,
    Actor,
    KeyId,
    ActingAsId,
    Action,
    SubjectId,
    Address,
}

/// What is in the audit log stays as it is. Whole rows may be removed when they are old enough.
const NO_UPDATES_SQLITE: &str = "CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE ON audit_entry \
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END";
const NO_UPDATES_POSTGRES: &str = "CREATE FUNCTION audit_entry_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ \
    BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$; \
    CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE ON audit_entry \
    FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse_update()";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null or false, so that the previous version need not know them.
        let of_people = [
            string_null(User::ExternalId),
            string_null(User::ExternalIssuer),
            string_null(User::ContactEmail),
            boolean(User::IsBot).default(false).to_owned(),
            text_null(User::Metadata),
            big_integer_null(User::TokensFrom),
        ];
        for column in of_people {
            manager.alter_table(Table::alter().table(User::Table).add_column(column).to_owned()).await?;
        }
        for column in [string_null(Conversation::ExternalId), text_null(Conversation::Metadata)] {
            manager.alter_table(Table::alter().table(Conversation::Table).add_column(column).to_owned()).await?;
        }
        let unique = |name: &str, table: TableRef, column: DynIden| {
            let has_one = Expr::col(column.clone()).is_not_null();
            Index::create().name(name).table(table).unique().col(column).and_where(has_one).to_owned()
        };
        for (name, table, column) in [
            ("user_external_id_key", User::Table.into_table_ref(), User::ExternalId.into_iden()),
            (
                "conversation_external_id_key",
                Conversation::Table.into_table_ref(),
                Conversation::ExternalId.into_iden(),
            ),
        ] {
            manager.create_index(unique(name, table, column)).await?;
        }
        // Found by its hash among the few that there are, which are read together.
        manager
            .create_table(
                Table::create()
                    .table(ServerKey::Table)
                    .col(uuid(ServerKey::Id).primary_key())
                    .col(string(ServerKey::Name))
                    .col(binary_len(ServerKey::Hash, 32))
                    .col(string(ServerKey::Scopes))
                    .col(uuid_null(ServerKey::BotId))
                    .col(big_integer(ServerKey::CreatedAt))
                    .col(big_integer_null(ServerKey::LastUsedAt))
                    .foreign_key(
                        ForeignKey::create()
                            .name("server_key_bot_fkey")
                            .from(ServerKey::Table, ServerKey::BotId)
                            .to(User::Table, User::Id),
                    )
                    .to_owned(),
            )
            .await?;
        // Its ids refer to rows that may be gone, so they are not checked. It is read by id, which is by time.
        manager
            .create_table(
                Table::create()
                    .table(AuditEntry::Table)
                    .col(uuid(AuditEntry::Id).primary_key())
                    .col(big_integer(AuditEntry::At))
                    .col(string(AuditEntry::Actor))
                    .col(uuid_null(AuditEntry::KeyId))
                    .col(uuid_null(AuditEntry::ActingAsId))
                    .col(string(AuditEntry::Action))
                    .col(uuid(AuditEntry::SubjectId))
                    .col(string_null(AuditEntry::Address))
                    .to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        db.execute_unprepared(match db.get_database_backend() {
            DatabaseBackend::Postgres => NO_UPDATES_POSTGRES,
            _ => NO_UPDATES_SQLITE,
        })
        .await?;
        Ok(())
    }
}
