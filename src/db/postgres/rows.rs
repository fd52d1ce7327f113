//! Whole rows as one parameter, and keys as another: the text of a statement is the same however many there are, so that it
//! is prepared once for a connection. With a parameter for each value every number of rows would be another statement, which
//! the server parses and plans, and the client asks for with one more round trip.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, InsertStatement, OnConflict, Query};
use sea_orm::{ColumnTrait, DbErr, EntityName, EntityTrait, Iden, Iterable, ModelTrait, Value};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

/// Inserts these rows, in their order; `known` says what becomes of those whose keys exist.
pub(in crate::db) fn insert<M: ModelTrait>(rows: &[M], known: Option<&OnConflict>) -> Result<InsertStatement, DbErr> {
    let columns = || <M::Entity as EntityTrait>::Column::iter();
    let rows: Vec<JsonRow<'_, M>> = rows.iter().map(JsonRow).collect();
    let json = serde_json::to_string(&rows).map_err(|error| DbErr::Custom(error.to_string()))?;
    let table = M::Entity::default();
    let of_table = Expr::cust(format!(r#"NULL::"{}""#, table.table_name()));
    let set = Func::cust("json_populate_recordset").arg(of_table).arg(Expr::val(json).cast_as(Alias::new("json")));
    let select = Query::select().columns(columns()).from_function(set, Alias::new("given")).to_owned();
    let mut insert = Query::insert();
    insert.into_table(table.table_ref()).columns(columns());
    insert.select_from(select).map_err(|error| DbErr::Custom(error.to_string()))?;
    if let Some(known) = known {
        insert.on_conflict(known.clone());
    }
    Ok(insert)
}

/// Whether a column has one of these keys.
pub(in crate::db) fn is_among(column: impl ColumnTrait, keys: impl IntoIterator<Item = Value>) -> Result<Expr, DbErr> {
    let (mut array, mut of) = (String::from("{"), None);
    for key in keys {
        if of.is_some() {
            array.push(',');
        }
        of = Some(match key {
            Value::Uuid(Some(id)) => {
                array.push_str(&id.to_string());
                "uuid[]"
            }
            Value::Bytes(Some(bytes)) => {
                array.push_str(&format!(r#""\\{}""#, hex(&bytes)));
                "bytea[]"
            }
            other => return Err(DbErr::Custom(format!("no key is like {other:?}"))),
        });
    }
    array.push('}');
    let Some(of) = of else { return Ok(Expr::value(false)) };
    // As a set to join with, which is unpacked once: an array in a condition may be, for each row that is looked at.
    let keys = Func::cust("unnest").arg(Expr::val(array).cast_as(Alias::new(of)));
    Ok(column.in_subquery(Query::select().expr(keys).to_owned()))
}

/// A row as an object whose keys are its columns. What is null is left out.
struct JsonRow<'a, M>(&'a M);

impl<M: ModelTrait> Serialize for JsonRow<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        for column in <M::Entity as EntityTrait>::Column::iter() {
            let name = column.unquoted();
            match self.0.get(column) {
                Value::Bool(Some(value)) => row.serialize_entry(name, &value)?,
                Value::SmallInt(Some(value)) => row.serialize_entry(name, &value)?,
                Value::Int(Some(value)) => row.serialize_entry(name, &value)?,
                Value::BigInt(Some(value)) => row.serialize_entry(name, &value)?,
                Value::String(Some(value)) if value.contains('\0') => {
                    return Err(S::Error::custom("a text has U+0000, which PostgreSQL cannot store"));
                }
                Value::String(Some(value)) => row.serialize_entry(name, &value)?,
                Value::Uuid(Some(value)) => row.serialize_entry(name, &value)?,
                Value::Bytes(Some(value)) => row.serialize_entry(name, &hex(&value))?,
                Value::Bool(None) | Value::SmallInt(None) | Value::Int(None) | Value::BigInt(None) => {}
                Value::String(None) | Value::Uuid(None) | Value::Bytes(None) => {}
                other => return Err(S::Error::custom(format!("no column is like {other:?}"))),
            }
        }
        row.end()
    }
}

/// Bytes as PostgreSQL reads and writes them in text.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::from("\\x"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::PostgresQueryBuilder;
    use uuid::Uuid;

    use super::{insert, is_among};
    use crate::entity::{conversation, feed_head};

    #[test]
    fn the_number_of_rows_and_keys_is_not_in_the_text() {
        let rows = |count: i16| (0..count).map(|id| feed_head::Model { id, position: 7 }).collect::<Vec<_>>();
        let text = |count| insert(&rows(count), None).expect("rows").build(PostgresQueryBuilder).0;
        assert_eq!(text(1), text(300));
        assert_eq!(
            text(2),
            r#"INSERT INTO "feed_head" ("id", "position") SELECT "id", "position" FROM json_populate_recordset(NULL::"feed_head", CAST($1 AS json)) AS "given""#
        );
        let keys = |count: u128| (0..count).map(|id| Uuid::from_u128(id).into());
        let text = |count| {
            let found = is_among(conversation::Column::Id, keys(count)).expect("keys");
            sea_orm::sea_query::Query::select().expr(found).build(PostgresQueryBuilder).0
        };
        assert_eq!(text(1), text(300));
    }
}
