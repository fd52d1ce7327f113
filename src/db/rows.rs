//! Writes any number of whole rows in as few statements as possible.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
};

/// Bound values in one statement: SQLite's limit (SQLITE_MAX_VARIABLE_NUMBER), and half of PostgreSQL's.
pub const VALUES: usize = 32_766;

/// Inserts rows whose keys are new.
pub async fn insert<M: Row>(tx: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr> {
    write(tx, rows, None).await
}

/// Inserts rows, or sets these columns of the rows that have their primary keys. No key may occur twice. They are written
/// in their order, which matters where one has to make room for the next in another unique index.
pub async fn upsert<M: Row>(
    tx: &impl ConnectionTrait,
    rows: Vec<M>,
    set: impl IntoIterator<Item = <M::Entity as EntityTrait>::Column>,
) -> Result<(), DbErr> {
    let key = <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    write(tx, rows, Some(OnConflict::columns(key).update_columns(set).to_owned())).await
}

async fn write<M: Row>(tx: &impl ConnectionTrait, rows: Vec<M>, known: Option<OnConflict>) -> Result<(), DbErr> {
    let columns = <M::Entity as EntityTrait>::Column::iter().count();
    let mut rows = rows.into_iter().map(|row| row.into_active_model().reset_all()).peekable();
    while rows.peek().is_some() {
        let mut statement = M::Entity::insert_many(rows.by_ref().take(VALUES / columns));
        if let Some(known) = &known {
            statement = statement.on_conflict(known.clone());
        }
        statement.exec_without_returning(tx).await?;
    }
    Ok(())
}

/// A row of a table.
pub trait Row: ModelTrait + IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel> + Send {}

impl<M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Send> Row for M {}
