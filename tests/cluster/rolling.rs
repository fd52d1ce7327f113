//! All nodes are restarted, one after the other, as for a new version.

use crate::support::{Cluster, Round};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_all_nodes_are_restarted_one_by_one() {
    let mut cluster = Cluster::start(3).await;
    let round = Round::begin(&cluster).await;
    for number in 0..cluster.nodes.len() {
        cluster.nodes[number].server.stop().await;
        round.goes_on().await;
        cluster.nodes[number].server.start_again().await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
