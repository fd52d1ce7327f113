//! Transactions: one that writes, and one that reads a single state of the database.

use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, TransactionTrait,
};

use crate::clock::Timestamp;
use crate::db::Dialect;
use crate::db::reader::{Reader, within};

/// A transaction of the writer. Dropped without [`commit`](Self::commit), it is rolled back.
pub struct Tx {
    inner: DatabaseTransaction,
    /// The feed's writer has time limits of its own.
    limit: Option<Duration>,
    dialect: Dialect,
    /// The time of everything that it writes.
    pub now: Timestamp,
}

impl Tx {
    pub(super) fn new(inner: DatabaseTransaction, dialect: Dialect, now: Timestamp) -> Self {
        Self { inner, limit: None, dialect, now }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Begins a savepoint: rolled back, it leaves the rest of the transaction as it is.
    pub async fn savepoint(&self) -> Result<Self, DbErr> {
        Ok(Self { inner: self.inner.begin().await?, limit: self.limit, dialect: self.dialect, now: self.now })
    }

    /// Commits, and waits for the disk.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

/// A transaction whose statements all read the same state of the database.
pub struct Snapshot {
    inner: DatabaseTransaction,
    /// The longest time of a statement.
    limit: Option<Duration>,
}

impl Snapshot {
    /// In SQLite's WAL mode a transaction reads one state by itself, from its first statement on; PostgreSQL has to be
    /// asked for it.
    pub(super) async fn begin(reader: &Reader, dialect: Dialect) -> Result<Self, DbErr> {
        let inner = match dialect {
            Dialect::Sqlite => reader.begin().await?,
            Dialect::Postgres => reader.begin_snapshot().await?,
        };
        Ok(Self { inner, limit: reader.limit() })
    }

    /// Gives the connection back.
    pub async fn end(self) -> Result<(), DbErr> {
        within(self.limit, self.inner.commit()).await
    }
}

macro_rules! run_statements {
    ($type:ty) => {
        #[async_trait]
        impl ConnectionTrait for $type {
            fn get_database_backend(&self) -> DbBackend {
                self.inner.get_database_backend()
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                within(self.limit, self.inner.execute_raw(statement)).await
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                within(self.limit, self.inner.execute_unprepared(sql)).await
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                within(self.limit, self.inner.query_one_raw(statement)).await
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                within(self.limit, self.inner.query_all_raw(statement)).await
            }
        }
    };
}

run_statements!(Tx);
run_statements!(Snapshot);
