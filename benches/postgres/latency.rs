//! How long a message takes to a subscriber on the sender's node, and on another.

use std::time::Instant;

use serde_json::json;

use super::Size;
use super::client::{Person, Socket};
use super::cluster::Cluster;
use super::figures::{print, quantile};
use super::send::people;

const DOCUMENT: &str = "subscription { messageAdded { id seq text createdAt sender { id fullName } } }";

pub async fn measure(cluster: Cluster, size: Size) {
    let people = people(&cluster, 2).await;
    let nodes = cluster.nodes(2).await;
    let sender = Person { address: nodes[0].address, ..people[0].clone() };
    let to = json!({ "userId": people[1].id });
    let mut here = Person { address: nodes[0].address, ..people[1].clone() }.subscribe(DOCUMENT).await;
    let mut there = Person { address: nodes[1].address, ..people[1].clone() }.subscribe(DOCUMENT).await;
    // What the first ones wait for, such as connections and prepared statements, is not what is measured.
    for _ in 0..size.messages / 10 + 1 {
        tokio::join!(sender.send(&to), here.next(), there.next());
    }
    let (mut within, mut across, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.messages {
        let begun = Instant::now();
        let milliseconds = || begun.elapsed().as_secs_f64() * 1e3;
        let answered = async {
            sender.send(&to).await;
            milliseconds()
        };
        let arrived = async |socket: &mut Socket| {
            socket.next().await;
            milliseconds()
        };
        let (answer, first, second) = tokio::join!(answered, arrived(&mut here), arrived(&mut there));
        answers.push(answer);
        within.push(first);
        across.push(second);
    }
    for (name, times) in [("answer", &mut answers), ("within a node", &mut within), ("across nodes", &mut across)] {
        print(&format!("{name}, p50"), quantile(times, 500), "ms");
        print(&format!("{name}, p99"), quantile(times, 990), "ms");
    }
    let more = quantile(&mut across, 500) - quantile(&mut within, 500);
    print("across nodes more than within, p50", more, "ms");
}
