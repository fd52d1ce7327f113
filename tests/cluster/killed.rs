//! A node that is killed (`kill -9`), and comes back.

use std::time::Duration;

use crate::support::{Cluster, Round};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_a_node_is_killed() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for number in 0..4 {
        let node = number % 2;
        cluster.nodes[node].server.kill().await;
        // The other one serves everybody.
        round.goes_on().await;
        cluster.nodes[node].server.start_again().await;
        round.goes_on_for(Duration::from_millis(500)).await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
