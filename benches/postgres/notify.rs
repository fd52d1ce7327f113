//! What a notification a batch costs, by the number of connections that listen: one a node.

use sea_orm::sqlx::postgres::PgListener;
use tokio::task::JoinSet;

use super::Size;
use super::cluster::Cluster;
use super::figures::{print, print_ratio};
use super::pgbench::Pgbench;
use super::send::{people, send};

/// Writers at once. With one message a batch NOTIFY weighs the most.
const WRITERS: usize = 4;
const BATCHES: [f64; 2] = [1.0, 16.0];

pub async fn measure(cluster: Cluster, size: Size) {
    let pgbench = Pgbench::prepare(&cluster).await;
    for batch in BATCHES {
        println!("  pgbench, {WRITERS} writers, {batch} messages a batch");
        let without = pgbench.rate(WRITERS, batch, size.time, false).await;
        print("  without NOTIFY", without, "messages/s");
        for &count in size.listeners {
            let listeners = listen(&cluster, "pgbench", count).await;
            let rate = pgbench.rate(WRITERS, batch, size.time, true).await;
            drop(listeners);
            print(&format!("  with NOTIFY and {count} listeners"), rate, "messages/s");
            print_ratio("    of without", rate / without);
        }
    }
    let senders = size.senders.get(1).copied().unwrap_or(1);
    println!("  one node, {senders} senders");
    let people = people(&cluster, senders).await;
    let nodes = cluster.nodes(1).await;
    for &count in size.listeners {
        let listeners = listen(&cluster, "parlour", count).await;
        let (rate, _) = send(&nodes, &people, senders, size.time).await;
        drop(listeners);
        print(&format!("  with {count} listeners more"), rate, "messages/s");
    }
}

/// Listens over this many connections, as nodes do, until the result is dropped.
async fn listen(cluster: &Cluster, database: &str, count: usize) -> JoinSet<()> {
    let mut listening = JoinSet::new();
    for _ in 0..count {
        let mut listener = PgListener::connect(&cluster.url(database)).await.expect("a connection");
        listener.listen("parlour").await.expect("it listens");
        listening.spawn(async move { while listener.recv().await.is_ok() {} });
    }
    listening
}
