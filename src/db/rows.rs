//! Writes whole rows, as many as there are, in as few statements as the database takes them in.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
};

/// Values that SQLite takes in one statement (SQLITE_MAX_VARIABLE_NUMBER).
pub const VALUES: usize = 32_766;

/// Writes rows whose keys are new.
pub async fn insert<M: Row>(tx: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr> {
    write(tx, rows, None).await
}

/// Writes rows by their primary keys: of those that are there, these columns alone are set. No key may come twice.
/// They are written in their order, where another unique index wants one to make room for the next.
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
