//! Writes any number of whole rows in as few statements as possible.

use std::collections::HashSet;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
};

/// Bound values in one statement: SQLite's limit (SQLITE_MAX_VARIABLE_NUMBER), and half of PostgreSQL's.
pub const VALUES: usize = 32_766;

/// A count, or a size in bytes, as its column or aggregate holds it: it is never negative.
pub fn count<T: TryFrom<N> + Default, N>(number: N) -> T {
    T::try_from(number).unwrap_or_default()
}

/// Inserts rows whose keys are new.
pub async fn insert<M: Row>(tx: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr> {
    write(tx, rows, None).await
}

/// Inserts a row, unless there is one with its primary key.
pub async fn insert_if_new<M: Row>(db: &impl ConnectionTrait, row: M) -> Result<(), DbErr> {
    merge(db, vec![row], OnConflict::do_nothing).await
}

/// Inserts rows, or sets these columns of the rows that have their primary keys. No key may occur twice: PostgreSQL
/// rejects a statement that changes a row twice (SQLSTATE 21000), and SQLite would keep the last one. They are written in
/// their order, which matters where one has to make room for the next in another unique index.
pub async fn upsert<M: Row>(
    tx: &impl ConnectionTrait,
    rows: Vec<M>,
    set: impl IntoIterator<Item = <M::Entity as EntityTrait>::Column>,
) -> Result<(), DbErr> {
    merge(tx, rows, |known| known.update_columns(set)).await
}

/// Inserts rows, or does with the rows that have their primary keys what `resolve` says; otherwise like [`upsert`].
pub(super) async fn merge<M: Row>(
    tx: &impl ConnectionTrait,
    rows: Vec<M>,
    resolve: impl FnOnce(&mut OnConflict) -> &mut OnConflict,
) -> Result<(), DbErr> {
    debug_assert!(has_distinct_keys(&rows), "a key occurs twice in an upsert of {}", std::any::type_name::<M>());
    let key = <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let known = resolve(&mut OnConflict::columns(key)).to_owned();
    write(tx, rows, Some(known)).await
}

fn has_distinct_keys<M: ModelTrait>(rows: &[M]) -> bool {
    let mut seen = HashSet::with_capacity(rows.len());
    rows.iter().all(|row| seen.insert(row.get_primary_key_value()))
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

#[cfg(test)]
mod tests {
    use super::has_distinct_keys;
    use crate::entity::feed_head::Model;

    #[test]
    fn a_key_that_occurs_twice_is_detected() {
        let row = |id, position| Model { id, position };
        assert!(has_distinct_keys(&[row(1, 7), row(2, 7)]));
        assert!(!has_distinct_keys(&[row(1, 7), row(2, 7), row(1, 8)]));
    }
}
