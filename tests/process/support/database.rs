//! Databases on a PostgreSQL server of these tests.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

use super::postgres::Postgres;

static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);

/// A new database without tables; its address.
pub async fn empty_database() -> String {
    POSTGRES.url(&create().await)
}

/// A database that is dropped with this.
pub struct OwnDatabase(String);

impl OwnDatabase {
    /// A new one without tables.
    pub async fn create() -> Self {
        Self(create().await)
    }

    /// Its address.
    pub fn url(&self) -> String {
        POSTGRES.url(&self.0)
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        // A test that has failed says why, and not that its database could not be dropped.
        if !std::thread::panicking() {
            POSTGRES.run("dropdb", &["--force", &self.0]);
        }
    }
}

async fn create() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("process_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let postgres = tokio::task::spawn_blocking(|| &*POSTGRES).await.expect("the server starts");
    let admin = Database::connect(postgres.url("postgres")).await.expect("the server answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    admin.close().await.expect("the connection closes");
    name
}
