//! A new database for a unit test.

use std::path::Path;

use crate::config::DatabaseAddress;
use crate::db::{self, Db, Writer};

/// A file of SQLite with all tables and without rows.
pub(crate) async fn fresh(file: &Path) -> (Db, Writer) {
    let address = DatabaseAddress::parse(&format!("sqlite://{}?mode=rwc", file.display())).expect("an address");
    db::migrate(&address).await.expect("tables");
    Db::open(&address).await.expect("a database")
}
