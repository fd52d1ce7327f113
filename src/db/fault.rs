//! What a database error means for the one whose statement failed, for every database.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr};

use super::sqlite;
use crate::error::Error;

/// A kind of database error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done, for a reason that passes: the database is away, busy, or its disk is full. Try again later.
    Passing,
    /// Everything else: the statement is wrong, or the data is damaged.
    Broken,
}

impl Fault {
    /// Classifies an error. The error says itself which database it is of, so that a code of one is never read as
    /// another's.
    pub fn of(error: &DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Passing,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                cause.as_database_error().map_or(Self::Broken, Self::of_database)
            }
            _ => Self::Broken,
        }
    }

    fn of_database(error: &dyn DatabaseError) -> Self {
        match error.try_downcast_ref::<SqliteError>() {
            Some(error) if sqlite::passes(error) => Self::Passing,
            Some(_) | None => Self::Broken,
        }
    }
}

impl Error {
    /// What a caller learns of a database error whose cause is in the log already.
    pub fn of_database(error: &DbErr) -> Self {
        match Fault::of(error) {
            Fault::Passing => Self::unavailable(),
            Fault::Broken => Self::Internal(error.clone().into()),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let shown = Self::of_database(&error);
        if let Self::Unavailable { .. } = shown {
            tracing::warn!(error = %error, "the database is away, full, or all its connections are busy");
        }
        shown
    }
}
