//! How long the feed's head is locked, seen from outside: how often some writer holds it when one looks.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, Statement};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use super::figures::print;

/// A writer with a transaction id has locked the row, unless it waits for another's lock.
const LOOK: &str = "SELECT coalesce(max(CASE WHEN state = 'idle in transaction' THEN 1
                                             WHEN wait_event IN ('WALWrite', 'WALSync') THEN 3 ELSE 2 END), 0)
                      FROM pg_stat_activity
                     WHERE application_name = 'parlour' AND backend_xid IS NOT NULL
                       AND wait_event_type IS DISTINCT FROM 'Lock'";

/// Looks again and again.
pub struct HeadLock {
    stop: oneshot::Sender<()>,
    looking: JoinHandle<Held>,
}

/// What was seen.
#[derive(Default)]
pub struct Held {
    time: Duration,
    looks: u32,
    /// The node decides or sends its next statement; a statement runs; the commit waits for the disk.
    node: u32,
    statement: u32,
    disk: u32,
}

impl HeadLock {
    /// Begins to look, over a connection of its own.
    pub async fn watch(cluster: &Cluster) -> Self {
        let db = Database::connect(cluster.url("parlour")).await.expect("the server answers");
        let (stop, mut stopped) = oneshot::channel();
        let looking = tokio::spawn(async move {
            let (begun, mut held) = (Instant::now(), Held::default());
            while stopped.try_recv().is_err() {
                let look = Statement::from_string(db.get_database_backend(), LOOK);
                let row = db.query_one_raw(look).await.expect("an answer").expect("a row");
                held.looks += 1;
                match row.try_get_by_index::<i32>(0).expect("a number") {
                    1 => held.node += 1,
                    2 => held.statement += 1,
                    3 => held.disk += 1,
                    _ => {}
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            held.time = begun.elapsed();
            held
        });
        Self { stop, looking }
    }

    /// Stops looking.
    pub async fn finish(self) -> Held {
        // It still looks.
        let _ = self.stop.send(());
        self.looking.await.expect("it ends without a panic")
    }
}

impl Held {
    /// Prints the mean of a batch, where there were so many.
    pub fn print(&self, batches: f64) {
        let mean = |seen: u32| f64::from(seen) / f64::from(self.looks) * self.time.as_secs_f64() * 1e3 / batches;
        print("  the head is locked, a batch", mean(self.node + self.statement + self.disk), "ms");
        print("    of it between statements", mean(self.node), "ms");
        print("    of it in statements", mean(self.statement), "ms");
        print("    of it waiting for the disk", mean(self.disk), "ms");
    }
}
