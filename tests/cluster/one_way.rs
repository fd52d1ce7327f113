//! Lines between clients and nodes that carry in one direction only: for a while, as while packets are lost and sent again,
//! and for good, when neither party is told.

use std::time::Duration;

use parlour::limits;

use crate::support::{Cluster, Direction, Flow, PATIENCE, Round, Wire};

/// How long a direction is stuck.
const WHILE: Duration = Duration::from_secs(3);

/// The server closes a line from which its pings are not answered, and clients give up on a request.
const NOTICED: Duration = limits::PING_EVERY.saturating_add(limits::PONG_WAIT).saturating_add(PATIENCE);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_lines_carry_in_one_direction_only() {
    let mut cluster = Cluster::start(2).await;
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| node.server.address).collect();
    let (deaf, mute) = (Wire::to(nodes.clone()).await, Wire::to(nodes).await);
    // Of the senders and of the subscribers, a third comes through each.
    let round = Round::begin_through(&cluster, &[&cluster.door, &deaf, &mute]).await;

    for (up, down) in [(Flow::Held, Flow::Held), (Flow::Open, Flow::Open)] {
        deaf.set(Direction::Up, up);
        mute.set(Direction::Down, down);
        round.goes_on_for(WHILE).await;
        round.goes_on().await;
    }

    // What these clients say does not arrive; what is said to those does not.
    let (unheard, unanswered) = (deaf.lose(Direction::Up), mute.lose(Direction::Down));
    round.goes_on().await;
    deaf.have_ended(&unheard, NOTICED).await;
    mute.have_ended(&unanswered, NOTICED).await;
    round.goes_on().await;
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
