//! The connections that read. Whatever becomes of the network, a statement ends in time.

use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, RuntimeErr, Statement, TransactionTrait,
};

/// Connections that read. Clones share them.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The connections themselves, for tests that record their statements.
    pub connection: DatabaseConnection,
    /// The longest time of a statement, with the wait for a connection. A file always answers, however slow its disk is.
    limit: Option<Duration>,
}

impl Reader {
    pub(super) fn new(connection: DatabaseConnection, limit: Option<Duration>) -> Self {
        Self { connection, limit }
    }

    pub(super) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        within(self.limit, self.connection.begin()).await
    }

    pub(super) async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let (isolation, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        within(self.limit, self.connection.begin_with_config(Some(isolation), Some(access))).await
    }
}

/// Ends what a server does not answer: its machine may be gone without a word.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    step: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let Some(limit) = limit else { return step.await };
    let elapsed = |_| Err(DbErr::Conn(RuntimeErr::Internal("the database does not answer".into())));
    tokio::time::timeout(limit, step).await.unwrap_or_else(elapsed)
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.limit, self.connection.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.limit, self.connection.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.limit, self.connection.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.limit, self.connection.query_all_raw(statement)).await
    }
}
