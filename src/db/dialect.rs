//! Which database it is, and the expressions in which they differ. What else is different is in `db/` and `search/` only.

use sea_orm::Iden;
use sea_orm::sea_query::{Expr, SimpleExpr};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A column of texts, compared by their bytes. PostgreSQL compares by the language of the database otherwise.
    pub fn by_bytes(self, column: impl Iden) -> SimpleExpr {
        match self {
            Self::Sqlite => Expr::col(column),
            Self::Postgres => Expr::cust(format!("\"{}\" COLLATE \"C\"", column.unquoted())),
        }
    }
}
