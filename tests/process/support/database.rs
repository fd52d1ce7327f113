//! Databases on a PostgreSQL server of these tests.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

use super::postgres::Postgres;

static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);

/// A new database without tables; its address.
pub async fn empty_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("process_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let postgres = tokio::task::spawn_blocking(|| &*POSTGRES).await.expect("the server starts");
    let admin = Database::connect(postgres.url("postgres")).await.expect("the server answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    admin.close().await.expect("the connection closes");
    postgres.url(&name)
}
