//! Which state of the database this is: another one after it was restored from a backup, or after a failover to a standby,
//! which may have lost what was written last.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// SQLite has a name in a table, which a backup changes in the copy.
const IN_A_FILE: &str = "SELECT name FROM lineage";

/// PostgreSQL has a number for each server, counts its failovers, and gives a table that is restored another number. In a
/// database that is copied as a template, tables keep their numbers, and the database has another one.
const ON_A_SERVER: &str =
    "SELECT s.system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/'
    || d.oid::text || '/' || to_regclass('consumer')::oid::text AS name
    FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()";

/// The name of this state of the database.
pub async fn lineage(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => IN_A_FILE,
        _ => ON_A_SERVER,
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.ok_or_else(|| DbErr::Custom("the database has no name of its state".into()))?.try_get("", "name")
}

/// What the lineage of a consumer is whose client was sent a reset in this state of the database. A row of another state has
/// another one, so that a reset position which came with a restored database counts for nothing. To the version before,
/// such a row is stale.
pub fn reset_in(lineage: &str) -> String {
    format!("reset in {lineage}")
}

/// The lineage of a webhook that was rewound in this state of the database before its receiver had the reset: that comes
/// first, and then what is after the position. To the version before it is stale like any other.
pub fn rewound_in(lineage: &str) -> String {
    format!("rewound in {lineage}")
}
