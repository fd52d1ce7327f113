//! Rates that are counted in the database: for all nodes, and over restarts. As in [`rates`](crate::rates), a bucket is
//! stored as the time at which it is full again.
//!
//! ```text
//!  read the buckets ─▶ one has no room ─▶ RATE_LIMITED, and nothing is written
//!         └─▶ all have room ─▶ count in all of them, or in none: on SQLite as a change of the feed's writer,
//!                              on PostgreSQL in a statement of its own, outside of the feed's batches
//! ```
//!
//! The time is that of the nodes, whose clocks have to agree within seconds. After a clock was set back, a bucket can be
//! full later than it can get by counting: it counts as full.

use std::collections::{BTreeMap, HashMap};
#[cfg(test)]
use std::sync::Mutex;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::Sha256;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::db::{self, Count, Db, Tx};
use crate::entity::rate;
use crate::error::{Error, Result};
use crate::feed::{Answers, Change, Feed, Placed, Plan, Plans, Quiet, Rank, Writes, Written};
use crate::limits::{self, RateLimit};

/// Separates this key from others that are derived from the same secret.
const PURPOSE: &[u8] = b"parlour: keys of rates";
/// 128 bits: no two keys are alike by chance.
const KEY_BYTES: usize = 16;

/// The key of a row: a keyed hash of what is counted.
pub(super) type RateKey = Vec<u8>;

/// A bucket to count in.
#[derive(Clone, Debug)]
pub(super) struct SharedBucket {
    pub(super) key: RateKey,
    pub(super) limit: RateLimit,
}

/// The shared rates.
pub(super) struct SharedRates {
    table: Table,
    secret: Hmac<Sha256>,
    clock: Clock,
    pub(super) is_limited: bool,
    /// A few at a time, so that a storm of logins leaves connections for everybody else.
    turns: Semaphore,
}

enum Table {
    Sqlite(Db, Feed),
    Postgres(Db),
    #[cfg(test)]
    Memory(Mutex<RateRows>),
}

type RateRows = HashMap<RateKey, Timestamp>;

/// Rows as they were just now.
pub(super) struct Known<'a> {
    rows: RateRows,
    now: Timestamp,
    /// Kept until the attempt is counted.
    _turn: Option<SemaphorePermit<'a>>,
}

impl SharedRates {
    /// The rates of a database. Nodes with the same secret share them.
    pub(super) fn new(config: &Config, clock: &Clock, db: &Db, feed: &Feed, secret: &[u8]) -> Self {
        let table = match db.is_shared() {
            true => Table::Postgres(db.clone()),
            false => Table::Sqlite(db.clone(), feed.clone()),
        };
        Self::with(table, config, clock, secret)
    }

    fn with(table: Table, config: &Config, clock: &Clock, secret: &[u8]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        let secret = keyed(&keyed(secret).chain_update(PURPOSE).finalize().into_bytes());
        let turns = Semaphore::new(limits::COUNTED_AT_ONCE);
        Self { table, secret, clock: clock.clone(), is_limited: config.rate_limits, turns }
    }

    /// Rates of their own, in memory.
    #[cfg(test)]
    pub(super) fn for_tests(config: &Config, clock: &Clock) -> Self {
        Self::with(Table::Memory(Mutex::default()), config, clock, b"a secret of the tests")
    }

    /// The key of a row, by what is counted in it: a kind, and the rest, whose length the kind decides.
    pub(super) fn key(&self, kind: u8, of: &[&[u8]]) -> RateKey {
        let mut hash = self.secret.clone().chain_update([kind]);
        for part in of {
            hash.update(part);
        }
        hash.finalize().into_bytes()[..KEY_BYTES].to_vec()
    }

    /// Reads rows.
    pub(super) async fn read(&self, keys: impl IntoIterator<Item = &RateKey>) -> Result<Known<'_>> {
        let now = self.clock.now();
        if !self.is_limited {
            return Ok(Known { rows: HashMap::new(), now, _turn: None });
        }
        let turn = timeout(limits::ACQUIRE, self.turns.acquire()).await.map_err(|_| Error::unavailable())?;
        let turn = turn.expect("nobody closes it");
        let rows = match &self.table {
            Table::Sqlite(db, _) | Table::Postgres(db) => find(&db.reader, keys).await?,
            #[cfg(test)]
            Table::Memory(rows) => rows.lock().expect("no test has failed").clone(),
        };
        Ok(Known { rows, now: self.clock.now(), _turn: Some(turn) })
    }

    /// Counts one in each bucket, or nothing and fails with the time until the next try. `known` has their rows, and no
    /// bucket may occur twice.
    pub(super) async fn take(&self, known: Known<'_>, buckets: &[SharedBucket]) -> Result<()> {
        if !self.is_limited {
            return Ok(());
        }
        // What is refused costs a read, and no write.
        count(&mut known.rows.clone(), known.now, buckets)?;
        match &self.table {
            Table::Sqlite(_, feed) => feed.append(TakeAttempt(buckets.to_vec())).await,
            Table::Postgres(db) => take_at_once(db, known.now, buckets).await,
            #[cfg(test)]
            Table::Memory(rows) => count(&mut rows.lock().expect("no test has failed"), known.now, buckets),
        }
    }

    /// Reads a bucket and counts one in it.
    pub(super) async fn take_one(&self, bucket: SharedBucket) -> Result<()> {
        let known = self.read([&bucket.key]).await?;
        self.take(known, &[bucket]).await
    }

    /// Takes back what was counted in these buckets.
    pub(super) async fn give_back(&self, buckets: &[SharedBucket]) -> Result<()> {
        if !self.is_limited || buckets.is_empty() {
            return Ok(());
        }
        match &self.table {
            Table::Sqlite(_, feed) => feed.append(GiveBack(buckets.to_vec())).await,
            Table::Postgres(db) => Ok(db.count(self.clock.now(), &counts(buckets, -1)).await.map(drop)?),
            #[cfg(test)]
            Table::Memory(rows) => {
                give_back(&mut rows.lock().expect("no test has failed"), buckets);
                Ok(())
            }
        }
    }

    /// Remembers a key for so long.
    pub(super) async fn remember(&self, key: RateKey, length: Duration) -> Result<()> {
        if !self.is_limited {
            return Ok(());
        }
        let row = rate::Model { key, full_at: self.clock.now() + length };
        match &self.table {
            Table::Sqlite(_, feed) => feed.append(Remember(row)).await,
            Table::Postgres(db) => Ok(db::upsert(&db.reader, vec![row], [rate::Column::FullAt]).await?),
            #[cfg(test)]
            Table::Memory(rows) => {
                rows.lock().expect("no test has failed").insert(row.key, row.full_at);
                Ok(())
            }
        }
    }

    /// Removes rows that meant nothing any more at a time that can be trusted.
    pub(super) async fn purge(&self, now: Timestamp) -> Result<()> {
        loop {
            let removed = match &self.table {
                Table::Sqlite(_, feed) => feed.append(RatePurge(now)).await?,
                Table::Postgres(db) => db.remove_old_rates(now, limits::RATES_PURGED).await?,
                #[cfg(test)]
                Table::Memory(_) => 0,
            };
            if removed < limits::RATES_PURGED {
                return Ok(());
            }
        }
    }
}

impl Known<'_> {
    /// Whether a key is remembered.
    pub(super) fn remembers(&self, key: &RateKey) -> bool {
        self.rows.get(key).is_some_and(|until| *until > self.now)
    }
}

async fn find<'a>(
    db: &impl sea_orm::ConnectionTrait,
    keys: impl IntoIterator<Item = &'a RateKey>,
) -> Result<RateRows, sea_orm::DbErr> {
    let rows = rate::Entity::find().filter(rate::Column::Key.is_in(keys.into_iter().cloned()));
    Ok(rows.all(db).await?.into_iter().map(|row| (row.key, row.full_at)).collect())
}

/// Counts one in each bucket, or nothing and fails with the time until the next try.
fn count(rows: &mut RateRows, now: Timestamp, buckets: &[SharedBucket]) -> Result<()> {
    let mut counted = Vec::with_capacity(buckets.len());
    for SharedBucket { key, limit } in buckets {
        let full_at = rows.get(key).copied().filter(|full_at| *full_at <= now + window(*limit) * 2).unwrap_or(now);
        let next = full_at.max(now) + limit.every;
        if next > now + window(*limit) {
            // By another node's clock it may have room only then.
            let retry_after = next.since(now + limit.every * limit.burst).min(limit.every);
            crate::rates::refused(limit.name);
            return Err(Error::RateLimited { retry_after });
        }
        counted.push((key.clone(), next));
    }
    rows.extend(counted);
    Ok(())
}

/// How far in the future a bucket may be full again.
fn window(limit: RateLimit) -> Duration {
    limit.every * limit.burst + limits::CLOCKS_APART
}

fn give_back(rows: &mut RateRows, buckets: &[SharedBucket]) {
    for SharedBucket { key, limit } in buckets {
        rows.entry(key.clone()).and_modify(|full_at| *full_at = *full_at - limit.every);
    }
}

fn counts(buckets: &[SharedBucket], times: i64) -> Vec<Count> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let count = |SharedBucket { key, limit }: &SharedBucket| Count {
        key: key.clone(),
        cost: millis(limit.every) * times,
        window: millis(window(*limit)),
    };
    buckets.iter().map(count).collect()
}

/// Counts on PostgreSQL. Another attempt may have taken the last place of a bucket since it was read: what was counted in
/// the others is given back.
async fn take_at_once(db: &Db, mut now: Timestamp, buckets: &[SharedBucket]) -> Result<()> {
    for _ in 0..limits::COUNT_TRIES {
        let counted = db.count(now, &counts(buckets, 1)).await?;
        if counted.len() == buckets.len() {
            return Ok(());
        }
        let back: Vec<SharedBucket> = buckets.iter().filter(|bucket| counted.contains(&bucket.key)).cloned().collect();
        if !back.is_empty() {
            db.count(now, &counts(&back, -1)).await?;
        }
        // Why it was refused; it may have got room again meanwhile.
        let mut rows = find(&db.reader, buckets.iter().map(|bucket| &bucket.key)).await?;
        count(&mut rows, now, buckets)?;
        now = now + Duration::from_millis(1);
    }
    Err(Error::unavailable())
}

/// Counts in the order of the queue.
struct TakeAttempt(Vec<SharedBucket>);

impl Change for TakeAttempt {
    type Answer = ();
    type Write = Vec<rate::Model>;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut rows = find(tx, changes.iter().flat_map(|Self(buckets)| buckets).map(|bucket| &bucket.key)).await?;
        let plan = |Self(buckets): &Self| {
            count(&mut rows, tx.now, buckets)?;
            let row = |SharedBucket { key, .. }: &SharedBucket| {
                Some(rate::Model { key: key.clone(), full_at: *rows.get(key)? })
            };
            Ok(Plan::Write { write: buckets.iter().filter_map(row).collect(), events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self::Write>>) -> Writes<Self> {
        let count = writes.len();
        // The last one of each key has counted all before it.
        let last: BTreeMap<RateKey, Timestamp> =
            writes.into_iter().flat_map(|placed| placed.write).map(|row| (row.key, row.full_at)).collect();
        write_rows(tx, last).await?;
        Ok((0..count).map(|_| Written::silent(())).collect())
    }
}

#[derive(Clone)]
struct GiveBack(Vec<SharedBucket>);

impl Quiet for GiveBack {
    type Answer = ();
    // After those that take in the same batch.
    const RANK: Rank = Rank::Endings;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let mut rows = find(tx, changes.iter().flat_map(|Self(buckets)| buckets).map(|bucket| &bucket.key)).await?;
        for Self(buckets) in &changes {
            give_back(&mut rows, buckets);
        }
        write_rows(tx, rows).await?;
        Ok(vec![(); changes.len()])
    }
}

#[derive(Clone)]
struct Remember(rate::Model);

impl Quiet for Remember {
    type Answer = ();
    const RANK: Rank = Rank::People;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let count = changes.len();
        let rows: BTreeMap<RateKey, Timestamp> = changes.into_iter().map(|Self(row)| (row.key, row.full_at)).collect();
        write_rows(tx, rows).await?;
        Ok(vec![(); count])
    }
}

async fn write_rows(tx: &Tx, rows: impl IntoIterator<Item = (RateKey, Timestamp)>) -> Result<(), sea_orm::DbErr> {
    let rows = rows.into_iter().map(|(key, full_at)| rate::Model { key, full_at }).collect();
    db::upsert(tx, rows, [rate::Column::FullAt]).await
}

#[derive(Clone)]
struct RatePurge(Timestamp);

impl Quiet for RatePurge {
    /// How many were removed.
    type Answer = u64;
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, purges: Vec<Self>) -> Answers<Self> {
        let mut removed = Vec::with_capacity(purges.len());
        for Self(now) in purges {
            removed.push(db::remove_old_rates(tx, now, limits::RATES_PURGED).await?);
        }
        Ok(removed)
    }
}
