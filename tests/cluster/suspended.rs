//! A node that is suspended (SIGSTOP), once with the lock on the feed's head in hand, and continues.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{AtCommit, Cluster, Flow, LEASES, Round, follow, next, soon};

const PRESENCE: &str = "subscription($of: [ID!]) { presenceChanged(userIds: $of) { online } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_a_node_is_suspended_beyond_its_lease() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let (suspended, other) = (&cluster.nodes[0].server, &cluster.nodes[1].server);
    let mut at_ada = follow(&ada, other.address, PRESENCE, &json!({ "of": [bob.id] })).await;
    // He stays connected to the node that is suspended, past the balancer, and reads.
    let mut at_bob = follow(&bob, suspended.address, PRESENCE, &json!({ "of": [ada.id] })).await;
    let bob = tokio::spawn(async move { while at_bob.next().await.is_ok() {} });
    assert_eq!(soon(next(&mut at_ada)).await, is(true));

    suspended.signal(Signal::STOP);
    // A balancer notices that it does not answer.
    cluster.door.take_out(suspended.address);
    round.goes_on().await;
    let gone = tokio::time::timeout(LEASES, next(&mut at_ada)).await.expect("the lease runs out");
    assert_eq!(gone, is(false));
    round.goes_on().await;

    suspended.signal(Signal::CONT);
    cluster.door.bring_back(suspended.address);
    assert_eq!(soon(next(&mut at_ada)).await, is(true));
    suspended.says("this node's lease had ended").await;
    round.cut_listeners().await;
    round.goes_on().await;
    bob.abort();
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

fn is(online: bool) -> Value {
    json!({ "presenceChanged": { "online": online } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_suspended_with_the_lock_in_hand_is_thrown_out() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for number in 0..2 {
        // Clients that were sent elsewhere come back.
        cluster.door.cut();
        let node = &cluster.nodes[number];
        node.line.at_next_commit(AtCommit::HoldIt);
        node.line.has_met_commit().await;
        node.server.signal(Signal::STOP);
        cluster.door.take_out(node.server.address);
        // The other node commits, so PostgreSQL has ended the transaction.
        round.goes_on().await;
        // The commit arrives after that: it must not do anything.
        node.line.set_both(Flow::Open);
        node.server.signal(Signal::CONT);
        cluster.door.bring_back(node.server.address);
        round.goes_on().await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
