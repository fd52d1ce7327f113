//! What a database error means for the one whose statement failed, for every database.

use sea_orm::sqlx;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr};

use super::hot::HotError;
use crate::error::Error;

/// A kind of database error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done, for a reason that passes: the database is away, busy, or its disk is full. Try again later.
    Passing,
    /// The transaction was ended by the server or the connection, and may be done again at once.
    Repeat,
    /// There is no connection, or no more: whether the last statement was executed is not known.
    Lost,
    /// Everything else: the statement is wrong, or the data is damaged.
    Broken,
}

impl Fault {
    /// Classifies an error. The error says itself which database it is of, so that a code of one is never read as
    /// another's.
    pub fn of(error: &DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Lost,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                Self::of_driver(cause)
            }
            _ => Self::Broken,
        }
    }

    fn of_driver(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::of_database(error.as_ref()),
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => Self::Lost,
            _ => Self::Broken,
        }
    }

    fn of_database(error: &dyn DatabaseError) -> Self {
        if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
            return of_sqlstate(error.code());
        }
        if is_sqlite(error) && passes(error) { Self::Passing } else { Self::Broken }
    }
}

/// Why a statement failed, in the driver's words: the library's differ with what the statement was for.
pub fn reason(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause.to_string(),
        other => other.to_string(),
    }
}

/// An error that stops the start, in one line. The library's errors state their cause twice.
pub fn in_a_line(error: DbErr) -> anyhow::Error {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error
    else {
        return error.into();
    };
    let Some(database) = cause.as_database_error() else { return anyhow::anyhow!("{cause}") };
    let sqlite = is_sqlite(database).then(|| in_other_words(database)).flatten();
    anyhow::anyhow!(sqlite.unwrap_or_else(|| database.message().to_owned()))
}

impl Error {
    /// What a caller learns of a database error whose cause is in the log already.
    pub fn of_database(error: &DbErr) -> Self {
        match Fault::of(error) {
            Fault::Passing | Fault::Repeat | Fault::Lost => Self::unavailable(),
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

/// Classifies an error of the server by its SQLSTATE (PostgreSQL documentation, appendix A).
fn of_sqlstate(code: &str) -> Fault {
    match code {
        // Serialization failure, deadlock, lock not available, query canceled (by its time limit).
        "40001" | "40P01" | "55P03" | "57014" => Fault::Repeat,
        // Thrown out while idle in a transaction, or terminated; crash of another backend, starting up or shutting down,
        // too many connections.
        "25P03" | "57P01" | "57P02" | "57P03" | "53300" => Fault::Lost,
        // Read-only: what was the primary is a replica now.
        "25006" => Fault::Passing,
        code if code.starts_with("08") => Fault::Lost,
        // Disk full, out of memory.
        code if code.starts_with("53") => Fault::Passing,
        _ => Fault::Broken,
    }
}

/// SQLite's result codes (<https://www.sqlite.org/rescode.html>). The low byte is the primary code; the bytes above it
/// extend it.
mod result {
    pub(super) const BUSY: i32 = 5;
    pub(super) const READONLY: i32 = 8;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    /// There is no room for the index of the write-ahead log.
    pub(super) const IOERR_SHMSIZE: i32 = 4874;

    pub(super) fn primary(code: i32) -> i32 {
        code & 0xff
    }
}

fn is_sqlite(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<SqliteError>().is_some() || error.try_downcast_ref::<HotError>().is_some()
}

fn code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse().ok()
}

/// Whether an error passes by itself: another process holds the lock, or the disk is full.
fn passes(error: &dyn DatabaseError) -> bool {
    code(error).is_some_and(|code| result::primary(code) == result::BUSY || is_disk_full(code))
}

fn is_disk_full(code: i32) -> bool {
    result::primary(code) == result::FULL || code == result::IOERR_SHMSIZE
}

/// What is wrong where an error that stops the start has a cause that its message hides.
fn in_other_words(error: &dyn DatabaseError) -> Option<String> {
    let code = code(error).unwrap_or_default();
    if is_disk_full(code) {
        return Some("the disk is full".to_owned());
    }
    // Also for the files that SQLite keeps beside the database.
    let is_about_rights = matches!(result::primary(code), result::READONLY | result::CANTOPEN);
    is_about_rights.then(|| format!("{}{NOT_WRITABLE}", error.message()))
}

/// What is wrong where the database or a file beside it can't be written.
pub(super) const NOT_WRITABLE: &str = ": the program must be able to write it, and its folder";

#[cfg(test)]
mod tests {
    use super::{Fault, of_sqlstate};

    /// The codes of PostgreSQL's documentation, appendix A.
    #[test]
    fn errors_of_postgresql_are_classified_by_what_was_done() {
        let table = [
            (Fault::Repeat, &["40001", "40P01", "55P03", "57014"][..]),
            (Fault::Lost, &["25P03", "57P01", "57P02", "57P03", "53300", "08000", "08003", "08006", "08P01"]),
            (Fault::Passing, &["25006", "53000", "53100", "53200"]),
            (Fault::Broken, &["23503", "23505", "42501", "42P01", "22021", "XX000", "XX001"]),
        ];
        for (fault, codes) in table {
            for code in codes {
                assert_eq!(of_sqlstate(code), fault, "{code}");
            }
        }
    }
}
