//! Messages that are on disk when they are acknowledged, by number of senders and nodes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Size;
use super::client::Person;
use super::cluster::{Cluster, Node};
use super::figures::{print, print_ratio, quantile};
use super::lock::HeadLock;
use super::pgbench::Pgbench;

pub async fn measure(cluster: Cluster, size: Size) {
    let most = size.senders.iter().copied().max().unwrap_or(1);
    let people = people(&cluster, most).await;
    let pgbench = Pgbench::prepare(&cluster).await;
    let mut alone = Vec::new();
    for &count in size.nodes {
        let nodes = cluster.nodes(count).await;
        for (at, &senders) in size.senders.iter().enumerate() {
            let before = cluster.head().await;
            let lock = HeadLock::watch(&cluster).await;
            let (rate, mut latencies) = send(&nodes, &people, senders, size.time).await;
            let lock = lock.finish().await;
            let (batches, messages) = cluster.batches_after(before).await;
            let batch = (messages / batches).max(1.0);
            println!("  {count} nodes, {senders} senders");
            print("  acknowledged", rate, "messages/s");
            print("  p50", quantile(&mut latencies, 500), "ms");
            print("  p99", quantile(&mut latencies, 990), "ms");
            print("  messages a batch", batch, "");
            lock.print(batches);
            // As many transactions at once as there are writers, of batches as large.
            let peer = pgbench.rate(count, batch.round(), size.time, true).await;
            print("  pgbench with such batches", peer, "messages/s");
            print_ratio("  of pgbench", rate / peer);
            match alone.get(at) {
                Some(alone) => print_ratio("  of one node", rate / alone),
                None => alone.push(rate),
            }
        }
    }
}

/// People with accounts, made by a node that has ended since.
pub async fn people(cluster: &Cluster, count: usize) -> Vec<Person> {
    let nodes = cluster.nodes(1).await;
    Person::sign_up_all(nodes[0].address, count.max(2)).await
}

/// Lets people send for a while, spread over the nodes; the rate, and the time of each send in milliseconds.
pub async fn send(nodes: &[Node], people: &[Person], senders: usize, time: Duration) -> (f64, Vec<f64>) {
    let begun = Instant::now();
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..senders {
        let address = nodes[number % nodes.len()].address;
        let sender = Person { address, ..people[number].clone() };
        let to = json!({ "userId": people[(number + 1) % people.len()].id });
        sending.spawn(async move {
            let mut latencies = Vec::new();
            while begun.elapsed() < time {
                let sent = Instant::now();
                sender.send(&to).await;
                latencies.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        });
    }
    let latencies: Vec<f64> = sending.join_all().await.into_iter().flatten().collect();
    (latencies.len() as f64 / begun.elapsed().as_secs_f64(), latencies)
}
