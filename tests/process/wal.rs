//! The write-ahead log grows while somebody reads for long, as a backup does, and shrinks afterwards.

use futures_util::future::join_all;
use parlour::limits;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::support::{Message, Person, Server, soon};

/// As the server folds its log at 4 MiB, it would not grow to this by itself.
const GROWN: u64 = limits::WAL_KEPT_BYTES + limits::WAL_KEPT_BYTES / 2;

fn log_bytes(server: &Server) -> u64 {
    server.folder().join("data/parlour.db-wal").metadata().expect("the log").len()
}

async fn send_some(from: &Person, to: &Person) {
    join_all((0..16).map(|_| async { from.send(&Message::new(to.as_recipient(), "🦜".repeat(4_000))).await })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_ahead_log_shrinks_after_a_long_read() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let database = server.database().await;
    let reading = database.begin().await.expect("a transaction");
    reading.execute_unprepared("SELECT COUNT(*) FROM message").await.expect("it reads");
    soon(async {
        while log_bytes(&server) < GROWN {
            send_some(&ada, &bob).await
        }
    })
    .await;

    reading.commit().await.expect("it ends");

    soon(async {
        while log_bytes(&server) > limits::WAL_KEPT_BYTES {
            send_some(&ada, &bob).await
        }
    })
    .await;
    database.close().await.expect("it closes");
    server.stop().await;
}
