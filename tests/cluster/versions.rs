//! The version before beside this one, while nodes are replaced one by one.

use std::io::Write;

use crate::support::{Cluster, Round};

/// What this test has not shown.
const WITHOUT: &str =
    "PREVIOUS_PARLOUR is not set: this version ran beside itself, not beside the previous one. See docs/release.md";

/// Starts the program that is its first argument instead of the one that is its second.
const INSTEAD: &str = r#"previous=$1; shift 2; exec "$previous" "$@""#;

/// `PREVIOUS_PARLOUR` names the program of the version before, which made the database. Without it, it is this one, and the
/// test says so: the first version that speaks PostgreSQL has none before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_a_new_version_starts_beside_the_old_one() {
    let mut cluster = Cluster::prepare(2).await;
    match std::env::var("PREVIOUS_PARLOUR") {
        Ok(previous) => launch(&mut cluster, ["/bin/sh", "-c", INSTEAD, "sh", &previous].map(str::to_owned).to_vec()),
        // Not by `eprintln`, which shows only when a test fails.
        Err(_) => writeln!(std::io::stderr(), "{WITHOUT}").expect("standard error"),
    }
    cluster.nodes[0].server.start_again().await;
    let round = Round::begin(&cluster).await;
    // It migrates the database, in which the old one goes on.
    cluster.nodes[1].server.start_again().await;
    cluster.door.cut();
    round.goes_on().await;
    round.goes_on().await;
    cluster.nodes[0].server.stop().await;
    round.goes_on().await;
    launch(&mut cluster, Vec::new());
    cluster.nodes[0].server.start_again().await;
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

/// Sets through which program the first node starts.
fn launch(cluster: &mut Cluster, launcher: Vec<String>) {
    let mut node = cluster.nodes.remove(0);
    node.server = node.server.launched_by(launcher);
    cluster.nodes.insert(0, node);
}
