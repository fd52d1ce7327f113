//! What differs between databases in an expression: the only such match outside `db/` and `search/`.

use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Whether a column contains a text. Not `LIKE`, whose wildcards would have to be escaped.
    pub fn contains(self, column: impl IntoColumnRef, text: String) -> Expr {
        let position = match self {
            Self::Sqlite => Func::cust("instr"),
            Self::Postgres => Func::cust("strpos"),
        };
        Expr::expr(position.arg(Expr::col(column)).arg(text)).gt(0)
    }
}
