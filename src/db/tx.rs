//! Transactions: one that writes, and one that reads a single state of the database.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, FromQueryResult, QueryResult, Statement,
    TransactionTrait, Value,
};

use crate::clock::Timestamp;
use crate::db::Dialect;
use crate::db::hot::{FromRow, HotConnection, HotTx, bound};
use crate::db::reader::{Reader, within};

/// A transaction of the writer. Dropped without [`commit`](Self::commit), it is rolled back.
pub struct Tx {
    way: Way,
    dialect: Dialect,
    /// The time of everything that it writes.
    pub now: Timestamp,
    /// What its changes have taken so far: see [`claim_email`](Self::claim_email).
    claimed_emails: Mutex<HashSet<String>>,
}

/// How statements get to the database.
enum Way {
    /// Any statement, through SeaORM.
    Ordinary(DatabaseTransaction),
    /// Those that have a name in [`hot`](super::hot).
    Hot(HotTx),
}

/// What reads for hot changes: a transaction of either way, or connections that read.
pub trait HotSource: ConnectionTrait {
    /// The hot way, if it goes that one.
    fn hot(&self) -> Option<&HotTx> {
        None
    }
}

impl HotSource for Reader {}

impl HotSource for Tx {
    fn hot(&self) -> Option<&HotTx> {
        match &self.way {
            Way::Hot(hot) => Some(hot),
            Way::Ordinary(_) => None,
        }
    }
}

impl Tx {
    pub(super) fn new(inner: DatabaseTransaction, dialect: Dialect, now: Timestamp) -> Self {
        Self { way: Way::Ordinary(inner), dialect, now, claimed_emails: Mutex::default() }
    }

    /// Begins a transaction of the hot way. It blocks while another process writes.
    pub fn begin_hot(connection: &mut HotConnection, now: Timestamp) -> Result<Self, DbErr> {
        let way = Way::Hot(connection.begin()?);
        Ok(Self { way, dialect: Dialect::Sqlite, now, claimed_emails: Mutex::default() })
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Takes an e-mail address for a change of this transaction; `false` if another one has it. A whole batch is planned before
    /// any of it is written, so two kinds of changes do not see in the tables what the other is about to write.
    pub fn claim_email(&self, email: &str) -> bool {
        self.claimed_emails.lock().unwrap_or_else(PoisonError::into_inner).insert(email.to_owned())
    }

    /// Begins a savepoint: rolled back, it leaves the rest of the transaction as it is.
    pub async fn savepoint(&self) -> Result<Self, DbErr> {
        let way = match &self.way {
            Way::Ordinary(inner) => Way::Ordinary(inner.begin().await?),
            Way::Hot(hot) => Way::Hot(hot.savepoint()?),
        };
        Ok(Self { way, dialect: self.dialect, now: self.now, claimed_emails: Mutex::default() })
    }

    /// Commits, and waits for the disk.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self.way {
            Way::Ordinary(inner) => inner.commit().await,
            Way::Hot(hot) => hot.commit(),
        }
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self.way {
            Way::Ordinary(inner) => inner.rollback().await,
            Way::Hot(hot) => hot.rollback(),
        }
    }

    /// Executes a statement, either way.
    pub async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
        match &self.way {
            Way::Ordinary(inner) => inner.execute_raw(self.statement(sql, values)).await.map(drop),
            Way::Hot(hot) => hot.run(sql, bound(values)?).map(drop),
        }
    }

    /// The rows of a statement, either way. Their columns are in the order of [`FromRow`].
    pub async fn rows<T: FromQueryResult + FromRow>(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<T>, DbErr> {
        match &self.way {
            Way::Ordinary(inner) => T::find_by_statement(self.statement(sql, values)).all(inner).await,
            Way::Hot(hot) => hot.rows(sql, bound(values)?),
        }
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.get_database_backend(), sql, values)
    }

    fn ordinary(&self) -> Result<&DatabaseTransaction, DbErr> {
        match &self.way {
            Way::Ordinary(inner) => Ok(inner),
            Way::Hot(_) => Err(DbErr::Custom("a hot change has a statement that is not among the hot ones".into())),
        }
    }
}

/// The feed's writer has time limits of its own.
#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        match self.dialect {
            Dialect::Sqlite => DbBackend::Sqlite,
            Dialect::Postgres => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ordinary()?.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.ordinary()?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ordinary()?.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ordinary()?.query_all_raw(statement).await
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

#[async_trait]
impl ConnectionTrait for Snapshot {
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
