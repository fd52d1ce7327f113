//! The tables, in an order in which every row comes after those that it refers to.

use std::time::Duration;

use anyhow::{Context, ensure};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, Iterable, ModelTrait, PaginatorTrait,
    PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
};

use super::checksum::Checksum;
use crate::clock::instant;
use crate::db::{self, Row, Snapshot};
use crate::entity::{
    audit_entry, consumer, conversation, cursor_key, erasure, feed_event, feed_head, image, image_deletion,
    image_upload, membership, mention, message, rate, reaction, report, server_key, server_role, session, user,
    user_block, webhook,
};

/// Rows that are in memory at a time: 8 MB of the longest messages.
const ROWS: u64 = 500;

/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

/// A table that was copied.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) name: &'static str,
    pub(super) rows: u64,
    pub(super) checksum: u128,
}

macro_rules! tables {
    ($($table:ident),+ $(,)?) => {
        pub(super) const TABLES: &[&str] = &[$(stringify!($table)),+];

        /// Copies all tables, and compares each with its original.
        pub(super) async fn copy_all(from: &Snapshot, to: &DatabaseTransaction) -> anyhow::Result<Vec<Copied>> {
            let copied = vec![$(
                copy::<$table::Entity>(stringify!($table), from, to)
                    .await
                    .context(concat!("the table ", stringify!($table), " cannot be copied"))?
            ),+];
            // The program makes the index of words anew.
            to.execute_unprepared("UPDATE search_progress SET position = 0, rules = 0").await.map_err(db::in_a_line)?;
            move_lineage(from, to).await.map_err(db::in_a_line)?;
            Ok(copied)
        }
    };
}

tables!(
    user,
    session,
    conversation,
    membership,
    message,
    reaction,
    mention,
    image,
    image_upload,
    image_deletion,
    erasure,
    feed_head,
    feed_event,
    cursor_key,
    consumer,
    webhook,
    rate,
    server_key,
    audit_entry,
    user_block,
    server_role,
    report,
);

/// The copy is the same state under another name: consumers and webhooks go on.
async fn move_lineage(from: &Snapshot, to: &DatabaseTransaction) -> Result<(), DbErr> {
    let (before, after) = (db::lineage(from).await?, db::lineage(to).await?);
    for (before, after) in [(before.clone(), after.clone()), (db::reset_in(&before), db::reset_in(&after))] {
        let consumers = consumer::Entity::update_many()
            .col_expr(consumer::Column::Lineage, after.into())
            .filter(consumer::Column::Lineage.eq(before));
        consumers.exec(to).await?;
    }
    for (before, after) in [(before.clone(), after.clone()), (db::rewound_in(&before), db::rewound_in(&after))] {
        let webhooks = webhook::Entity::update_many()
            .col_expr(webhook::Column::Lineage, after.into())
            .filter(webhook::Column::Lineage.eq(before));
        webhooks.exec(to).await?;
    }
    Ok(())
}

async fn copy<E>(name: &'static str, from: &Snapshot, to: &DatabaseTransaction) -> anyhow::Result<Copied>
where
    E: EntityTrait,
    E::Model: Row<Entity = E> + Sync,
{
    let count = E::find().count(from).await.map_err(db::in_a_line)?;
    let (mut original, mut last, mut said) = (Checksum::default(), None, instant());
    loop {
        let rows = page::<E>(from, last.as_ref()).await.map_err(db::in_a_line)?;
        for row in &rows {
            original.add(row)?;
        }
        let Some(end) = rows.last().cloned() else { break };
        last = Some(end);
        db::insert(to, rows).await.map_err(db::in_a_line)?;
        if said.elapsed() >= PROGRESS {
            said = instant();
            eprintln!("{name}: {} of {count} rows", original.rows);
        }
    }
    let copy = checksum_of::<E>(to).await?;
    ensure!(original.rows == count, "{} of {count} rows were read", original.rows);
    ensure!(
        original == copy,
        "the copy differs: {} rows with the checksum {:032x} were read, and {} with {:032x} are in the copy",
        original.rows,
        original.sum,
        copy.rows,
        copy.sum
    );
    Ok(Copied { name, rows: copy.rows, checksum: copy.sum })
}

async fn checksum_of<E>(db: &impl ConnectionTrait) -> anyhow::Result<Checksum>
where
    E: EntityTrait,
    E::Model: Row<Entity = E> + Sync,
{
    let (mut sum, mut last) = (Checksum::default(), None);
    loop {
        let rows = page::<E>(db, last.as_ref()).await.map_err(db::in_a_line)?;
        for row in &rows {
            sum.add(row)?;
        }
        let Some(end) = rows.last().cloned() else { return Ok(sum) };
        last = Some(end);
    }
}

/// The next rows by their primary keys.
async fn page<E>(db: &impl ConnectionTrait, after: Option<&E::Model>) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: Row<Entity = E>,
{
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let mut rows = E::find().limit(ROWS);
    for column in &key {
        rows = rows.order_by_asc(*column);
    }
    if let Some(row) = after {
        let columns = Expr::tuple(key.iter().map(|column| Expr::col(*column)));
        let values = Expr::tuple(key.iter().map(|column| Expr::val(row.get(*column))));
        rows = rows.filter(columns.gt(values));
    }
    rows.all(db).await
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;
    use crate::config::DatabaseAddress;

    /// What is not copied, and why.
    const LEFT: &[(&str, &str)] = &[
        ("lineage", "the copy has a name of its own"),
        ("seaql_migrations", "the target is migrated"),
        ("data_export", "the archives stay behind, and are asked for anew"),
        ("search_progress", "the index of words is made anew"),
        ("search_change", "of the index of words"),
        ("uncounted_block", "triggers count it as the messages come"),
        ("name_part", "the program makes the parts of names anew"),
        ("name_change", "the target's trigger writes it"),
    ];

    #[tokio::test]
    async fn every_table_is_copied_or_left_for_a_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("parlour.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        db::migrate(&DatabaseAddress::parse(&url).expect("an address")).await.expect("the tables");
        let from = db::read_file(&url, &file).await.expect("it is read");
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'message_word%' ORDER BY name";
        let rows = from.query_all_raw(Statement::from_string(from.get_database_backend(), sql)).await.expect("rows");
        let there: Vec<String> = rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
        let mut known: Vec<&str> = TABLES.iter().copied().chain(LEFT.iter().map(|(name, _)| *name)).collect();
        known.sort_unstable();
        assert_eq!(there, known);
    }
}
