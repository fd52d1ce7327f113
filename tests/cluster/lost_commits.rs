//! The line between a node and PostgreSQL breaks around a commit: before it arrives, or before its answer does.

use std::time::Duration;

use crate::support::{AtCommit, Cluster, Round};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_committed_once_whatever_becomes_of_its_commit() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for number in 0..12 {
        let fate = if number % 2 == 0 { AtCommit::LoseTheAnswer } else { AtCommit::LoseIt };
        let line = &cluster.nodes[number / 2 % 2].line;
        line.at_next_commit(fate);
        line.has_met_commit().await;
        round.goes_on_for(Duration::from_millis(100)).await;
    }
    // The connection stays open, and the node waits for an answer until its patience ends.
    cluster.nodes[0].line.at_next_commit(AtCommit::AnswerNever);
    cluster.nodes[0].line.has_met_commit().await;
    round.goes_on().await;
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_between_a_commit_and_its_answer_has_sent_once() {
    let mut cluster = Cluster::start(2).await;
    let round = Round::begin(&cluster).await;
    for number in 0..4 {
        let node = number % 2;
        cluster.nodes[node].line.at_next_commit(AtCommit::AnswerNever);
        cluster.nodes[node].line.has_met_commit().await;
        cluster.nodes[node].server.kill().await;
        round.goes_on().await;
        cluster.nodes[node].server.start_again().await;
    }
    round.ends_whole(&cluster).await;
    cluster.stop().await;
}
