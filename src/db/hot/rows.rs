//! Rows and values as the hot way reads and binds them: by their place in a statement, without names.

use rusqlite::types::{self, FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ParamsFromIter, params_from_iter};
use sea_orm::{ActiveEnum, DbErr, Value};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::feed_event::LoggedKind;
use crate::entity::image::Format;
use crate::entity::{membership, message};
use crate::id::{ConversationId, ImageId, MessageId, SessionId, UserId};

/// What a row of a hot statement is read as, its columns in the order of the statement.
pub trait FromRow: Sized {
    /// Reads a row.
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self>;
}

/// Values of an ordinary statement, to be bound.
pub(in crate::db) fn bound(
    values: impl IntoIterator<Item = Value>,
) -> Result<ParamsFromIter<Vec<types::Value>>, DbErr> {
    let bind = |value| match value {
        Value::Int(Some(number)) => Ok(i64::from(number).into()),
        Value::BigInt(Some(number)) => Ok(number.into()),
        Value::String(Some(text)) => Ok(text.into()),
        other => Err(DbErr::Custom(format!("the hot way has no such value: {other:?}"))),
    };
    values.into_iter().map(bind).collect::<Result<_, _>>().map(params_from_iter)
}

impl FromRow for message::Model {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        message_from(row, 0)
    }
}

/// A message, of a row in which its columns begin at this one.
pub(super) fn message_from(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<message::Model> {
    Ok(message::Model {
        id: row.get(first)?,
        conversation_id: row.get(first + 1)?,
        seq: row.get(first + 2)?,
        sender_id: row.get(first + 3)?,
        text: row.get(first + 4)?,
        reply_to_id: row.get(first + 5)?,
        image_id: row.get(first + 6)?,
        version: row.get(first + 7)?,
        position: row.get(first + 8)?,
        nonce: row.get(first + 9)?,
        created_at: row.get(first + 10)?,
        edited_at: row.get(first + 11)?,
        deleted_at: row.get(first + 12)?,
        message_type: row.get(first + 13)?,
        metadata: row.get(first + 14)?,
        system_line: row.get(first + 15)?,
        mentions: row.get(first + 16)?,
        mentions_everyone: row.get(first + 17)?,
        reactions: row.get(first + 18)?,
        pinned_at: row.get(first + 19)?,
    })
}

impl FromRow for conversation::Model {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        conversation_from(row, 0)
    }
}

/// A conversation, of a row in which its columns begin at this one.
pub(super) fn conversation_from(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<conversation::Model> {
    Ok(conversation::Model {
        id: row.get(first)?,
        kind: row.get(first + 1)?,
        title: row.get(first + 2)?,
        direct_pair: row.get(first + 3)?,
        last_seq: row.get(first + 4)?,
        last_position: row.get(first + 5)?,
        active_position: row.get(first + 6)?,
        created_at: row.get(first + 7)?,
        updated_at: row.get(first + 8)?,
        external_id: row.get(first + 9)?,
        metadata: row.get(first + 10)?,
        picture_id: row.get(first + 11)?,
        posting: row.get(first + 12)?,
        first_seq: row.get(first + 13)?,
        retention_days: row.get(first + 14)?,
    })
}

impl FromRow for membership::Model {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            conversation_id: row.get(0)?,
            user_id: row.get(1)?,
            from_position: row.get(2)?,
            to_position: row.get(3)?,
            role: row.get(4)?,
            last_read_seq: row.get(5)?,
            joined_at: row.get(6)?,
            notifications: row.get(7)?,
            muted_until: row.get(8)?,
            archived_seq: row.get(9)?,
            is_favorite: row.get(10)?,
            is_marked_unread: row.get(11)?,
        })
    }
}

/// Ids are sixteen bytes.
macro_rules! id_columns {
    ($($id:ty),*) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(|bytes| Uuid::from_bytes(bytes).into())
            }
        }
    )*};
}

id_columns!(ConversationId, ImageId, MessageId, SessionId, UserId);

/// The numbers of these enums never change.
macro_rules! enum_columns {
    ($($kind:ty),*) => {$(
        impl ToSql for $kind {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.to_value().into())
            }
        }

        impl FromSql for $kind {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let number = i16::column_result(value)?;
                Self::try_from_value(&number).map_err(|_| FromSqlError::OutOfRange(number.into()))
            }
        }
    )*};
}

enum_columns!(conversation::Kind, conversation::Posting, Format, membership::Notifications, membership::Role);

impl ToSql for LoggedKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

/// Lists of ids are their bytes.
macro_rules! byte_columns {
    ($($list:ty),*) => {$(
        impl ToSql for $list {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
            }
        }

        impl FromSql for $list {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Vec::column_result(value).map(Self::from_bytes)
            }
        }
    )*};
}

byte_columns!(DirectPair, message::UserList);
