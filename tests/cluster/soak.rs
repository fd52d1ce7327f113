//! One thing after another at random, for as long as `SOAK_SECONDS` says: a short round here, an hour in `scripts/soak`.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{AtCommit, Cluster, Direction, Flow, Round, Stop, any_of, up_to};

/// A round is well below the 10,000 events that a client may miss, as each node replays all of it in the end.
const ROUND: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_whatever_happens() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(10, |seconds| seconds.parse().expect("a number of seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let mut cluster = Cluster::start(3).await;
        let round = Round::begin(&cluster).await;
        let ends = until.min(Instant::now() + ROUND);
        while Instant::now() < ends {
            let node = any_of(cluster.nodes.len());
            disturb(&mut cluster, node, &round).await;
            round.goes_on().await;
            round.goes_on_for(up_to(Duration::from_secs(1))).await;
        }
        round.ends_whole(&cluster).await;
        cluster.stop().await;
    }
}

/// Does something to a node, to PostgreSQL or to what is between them.
async fn disturb(cluster: &mut Cluster, node: usize, round: &Round) {
    let what = any_of(9);
    println!("{}, at node {node}", WHAT[what]);
    let node = &mut cluster.nodes[node];
    let address = node.server.address;
    match what {
        0 => {
            node.server.kill().await;
            round.goes_on().await;
            node.server.start_again().await;
        }
        1 => {
            node.server.stop().await;
            round.goes_on().await;
            node.server.start_again().await;
        }
        2 => {
            node.server.signal(Signal::STOP);
            cluster.door.take_out(address);
            round.goes_on_for(up_to(Duration::from_secs(4))).await;
            node.server.signal(Signal::CONT);
            cluster.door.bring_back(address);
        }
        3 => cluster.with_postgres(|postgres| postgres.restart(Stop::Immediate)).await,
        4 => {
            cluster.with_postgres(|postgres| postgres.suspend()).await;
            tokio::time::sleep(up_to(Duration::from_secs(4))).await;
            cluster.with_postgres(|postgres| postgres.resume()).await;
        }
        5 => node.line.cut(),
        6 => {
            node.line.set(Direction::Down, Flow::Swallowed);
            tokio::time::sleep(up_to(Duration::from_secs(2))).await;
            node.line.set(Direction::Down, Flow::Open);
            node.line.cut();
        }
        7 => {
            // Clients that were sent elsewhere come back: otherwise it may have nothing to commit.
            cluster.door.cut();
            node.line.at_next_commit(AtCommit::LoseTheAnswer);
            node.line.has_met_commit().await;
        }
        _ => cluster.door.cut(),
    }
}

const WHAT: [&str; 9] = [
    "kill -9",
    "a restart",
    "a suspension",
    "PostgreSQL crashes",
    "PostgreSQL pauses",
    "connections to PostgreSQL are cut",
    "PostgreSQL's answers are lost",
    "the answer to a commit is lost",
    "clients are cut off",
];
