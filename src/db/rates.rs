//! The table of rates on PostgreSQL, where every node writes it, outside of the feed's batches.

use sea_orm::sea_query::{LockBehavior, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};

use super::Db;
use crate::clock::Timestamp;
use crate::entity::rate;

/// One more or one less in a bucket. Times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Count {
    /// The bucket.
    pub key: Vec<u8>,
    /// By how much it is full later; negative for what is given back.
    pub cost: i64,
    /// How far in the future a bucket is full that is empty now.
    pub window: i64,
}

/// Adds to buckets that have room. One that is full much later than it can be was filled before the clock was set back,
/// and counts as full now. The rows are locked in the order of their keys, so that no two such statements wait for each
/// other.
const COUNT: &str = "WITH wanted AS MATERIALIZED (
      SELECT key, cost, span FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS given (key, cost, span)
    )
    INSERT INTO rate AS known (key, full_at) SELECT key, $4 + greatest(cost, 0) FROM wanted ORDER BY key
    ON CONFLICT (key) DO UPDATE SET full_at =
         CASE WHEN known.full_at > $4 + 2 * (SELECT span FROM wanted WHERE wanted.key = known.key) THEN $4
              ELSE greatest(known.full_at, $4) END
         + (SELECT cost FROM wanted WHERE wanted.key = known.key)
      WHERE (SELECT known.full_at <= $4 + span - cost OR known.full_at > $4 + 2 * span
               FROM wanted WHERE wanted.key = known.key)
    RETURNING known.key";

impl Db {
    /// Counts each of them whose bucket has room; returns the keys of those. No key may occur twice.
    pub async fn count(&self, now: Timestamp, counts: &[Count]) -> Result<Vec<Vec<u8>>, DbErr> {
        let keys: Vec<Vec<u8>> = counts.iter().map(|count| count.key.clone()).collect();
        let costs: Vec<i64> = counts.iter().map(|count| count.cost).collect();
        let windows: Vec<i64> = counts.iter().map(|count| count.window).collect();
        let values = [keys.into(), costs.into(), windows.into(), now.0.into()];
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), COUNT, values);
        self.reader.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "key")).collect()
    }

    /// Removes some rows that meant nothing any more at a time; returns how many.
    pub async fn remove_old_rates(&self, before: Timestamp, limit: u64) -> Result<u64, DbErr> {
        remove_old_rates(&self.reader, before, limit).await
    }
}

/// Likewise, on a connection of either database.
pub async fn remove_old_rates(db: &impl ConnectionTrait, before: Timestamp, limit: u64) -> Result<u64, DbErr> {
    // A row that is counted in just now is not waited for. SQLite has one writer, and ignores it.
    let old = Query::select()
        .column(rate::Column::Key)
        .from(rate::Entity)
        .and_where(rate::Column::FullAt.lt(before))
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let removed = rate::Entity::delete_many().filter(rate::Column::Key.in_subquery(old)).exec(db).await?;
    Ok(removed.rows_affected)
}
