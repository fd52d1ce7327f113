//! How SQLite is built.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::{TestApp, is_postgres};

/// Otherwise SQLite prepares a statement again each time that a LIMIT is bound: see `.cargo/config.toml`.
#[tokio::test]
async fn plans_do_not_depend_on_bound_values() {
    if is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let options = Statement::from_string(DbBackend::Sqlite, "PRAGMA compile_options");
    let options = app.database().await.query_all_raw(options).await.expect("options");
    let options: Vec<String> = options.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect();
    assert!(options.iter().any(|option| option == "ENABLE_QPSG"), "{options:#?}");
}
