//! What only one node does: another goes on with it when that node dies.

use std::time::Duration;

use crate::support::{Cluster, LEASES, Message, via};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_indexed_although_the_node_that_leads_has_died() {
    let mut cluster = Cluster::prepare(2).await;
    // The oldest node leads.
    for node in &mut cluster.nodes {
        node.server.start_again().await;
    }
    cluster.nodes[0].server.says("this node does the housekeeping").await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "one")).await;
    is_indexed(&cluster).await;
    assert!(!cluster.nodes[1].server.log().contains("this node does the housekeeping"));

    cluster.nodes[0].server.kill().await;
    let there = via(&ada, cluster.nodes[1].server.address);
    there.send_until_answered(&Message::new(bob.as_recipient(), "two")).await;

    // Nobody searches, so only the leader indexes.
    is_indexed(&cluster).await;
    assert!(cluster.nodes[1].server.log().contains("this node does the housekeeping"));
    cluster.nodes[0].server.start_again().await;
    cluster.stop().await;
}

/// Waits until all messages are in the index, for as long as a lease may last.
async fn is_indexed(cluster: &Cluster) {
    let done = "SELECT count(*) FROM search_progress WHERE position >= (SELECT max(position) FROM message)";
    tokio::time::timeout(LEASES, async {
        while cluster.number(done).await == 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await
    .expect("a node indexes");
}
