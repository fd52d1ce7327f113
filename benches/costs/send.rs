//! Messages that are on disk when they are acknowledged: by one sender, and by many whose messages share a commit.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::client::Person;
use super::server::Server;
use super::{print, print_ratio, quantile};

const SENDERS: usize = 16;
const WHILE: Duration = Duration::from_secs(5);

pub async fn measure(server: Server) {
    let people = Person::sign_up_all(server.address, SENDERS).await;
    let (alone, _) = rate(&server, &people, 1).await;
    let (together, latencies) = rate(&server, &people, SENDERS).await;
    print("one sender", alone, "messages/s");
    print(&format!("{SENDERS} senders"), together, "messages/s");
    print("median of these", quantile(&latencies, 500), "ms");
    print("p99 of these", quantile(&latencies, 990), "ms");
    print_ratio("many / one", together / alone);
}

async fn rate(server: &Server, people: &[Person], senders: usize) -> (f64, Vec<f64>) {
    let before = server.used();
    let mut sending = tokio::task::JoinSet::new();
    for (number, sender) in people.iter().take(senders).enumerate() {
        let (sender, to) = (sender.clone(), json!({ "userId": people[(number + 1) % people.len()].id }));
        sending.spawn(async move {
            let (begun, mut latencies) = (Instant::now(), Vec::new());
            while begun.elapsed() < WHILE {
                let sent = Instant::now();
                sender.send(&to).await;
                latencies.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        });
    }
    let mut latencies: Vec<f64> = sending.join_all().await.into_iter().flatten().collect();
    let (wall, _) = server.used().since(before);
    latencies.sort_by(f64::total_cmp);
    (latencies.len() as f64 / wall, latencies)
}
