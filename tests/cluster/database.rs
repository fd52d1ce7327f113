//! PostgreSQL restarted as after a crash, paused, and its connections ended, under load.

use std::time::Duration;

use crate::support::{Cluster, Direction, Flow, Round, Stop};

/// Ends all connections of nodes; returns how many.
const END_ALL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";
/// Ends the connections by which nodes hear each other. Those who hear much have said nothing since.
const END_LISTENING: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND query ILIKE 'LISTEN %'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_postgresql_is_restarted_as_after_a_crash() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for _ in 0..3 {
        cluster.with_postgres(|postgres| postgres.restart(Stop::Immediate)).await;
        round.goes_on().await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_postgresql_pauses() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    cluster.with_postgres(|postgres| postgres.suspend()).await;
    round.goes_on_for(Duration::from_secs(10)).await;
    cluster.with_postgres(|postgres| postgres.resume()).await;
    round.goes_on().await;
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_connections_to_postgresql_are_ended() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for number in 0..8 {
        let ended = cluster.number(if number % 2 == 0 { END_ALL } else { END_LISTENING }).await;
        assert!(ended >= 2, "only {ended} connections were ended");
        round.goes_on().await;
        round.goes_on_for(Duration::from_millis(600)).await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_anything_when_the_network_to_postgresql_is_slow_or_goes_silent() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    cluster.nodes[0].line.set_both(Flow::Delayed(Duration::from_millis(5)));
    round.goes_on().await;
    cluster.nodes[0].line.set_both(Flow::Open);
    // What it says arrives, and it hears no answer.
    cluster.nodes[0].line.set(Direction::Down, Flow::Swallowed);
    round.goes_on_for(Duration::from_secs(2)).await;
    cluster.nodes[0].line.set(Direction::Down, Flow::Open);
    cluster.nodes[0].line.cut();
    round.goes_on().await;
    // The connections that it has now stay open and silent for ever; it has to notice by itself.
    cluster.nodes[0].line.strand();
    cluster.nodes[1].server.kill().await;
    round.goes_on().await;
    cluster.nodes[1].server.start_again().await;
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
