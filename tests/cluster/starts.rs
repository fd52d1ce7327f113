//! Nodes that start together.

use futures_util::future::join_all;
use migration::{Migrator, MigratorTrait};

use crate::support::{Cluster, Message, via};

/// How often each migration was recorded, at most.
const MIGRATED: &str = "SELECT max(count) FROM (SELECT count(*) FROM seaql_migrations GROUP BY version) AS steps";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_that_start_at_once_on_an_empty_database_migrate_it_once() {
    all_serve(Cluster::prepare(4).await, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_that_start_at_once_on_an_older_database_migrate_it_once() {
    all_serve(Cluster::prepare(4).await, 1).await;
}

/// Starts all nodes on a database that has some of the migrations, and sends a message at each.
async fn all_serve(mut cluster: Cluster, older: usize) {
    let steps = Migrator::migrations().len();
    if older > 0 {
        let db = cluster.database().await;
        let some = u32::try_from(steps - older).expect("a few");
        Migrator::up(&db, Some(some)).await.expect("the older tables");
        db.close().await.expect("the database closes");
    }
    join_all(cluster.nodes.iter_mut().map(|node| node.server.start_again())).await;
    assert_eq!(cluster.number("SELECT count(*) FROM seaql_migrations").await, i64::try_from(steps).expect("a few"));
    assert_eq!(cluster.number(MIGRATED).await, 1);
    assert_eq!(cluster.number("SELECT count(*) FROM feed_event WHERE position = 0").await, 1);
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    for (node, seq) in cluster.nodes.iter().zip(1..) {
        let message = Message::new(bob.as_recipient(), "hello");
        assert_eq!(via(&ada, node.server.address).send(&message).await["seq"], seq);
    }
    cluster.stop().await;
}
