//! A page of 50 messages with their senders, against a query of one field: what reading costs beside the request itself.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::Person;
use super::server::Server;
use super::{print, print_ratio};

const READERS: usize = 16;
const WHILE: Duration = Duration::from_secs(5);
const PAGE: &str = "query($of: ConversationRef!) { messages(conversation: $of, last: 50) {
    edges { node { id seq text createdAt sender { id fullName } } } } }";
const LIGHT: &str = "{ me { id } }";

pub async fn measure(server: Server) {
    let people = Person::sign_up_all(server.address, READERS).await;
    let group = people[0].group(&people[1..]).await;
    for number in 0..200 {
        people[number % READERS].send(&group).await;
    }
    let (pages, page_cpu) = rate(&server, &people, PAGE, json!({ "of": group })).await;
    let (light, light_cpu) = rate(&server, &people, LIGHT, json!({})).await;
    print("pages of 50", pages, "/s");
    print("CPU a page", page_cpu, "µs");
    print("light queries", light, "/s");
    print("CPU a light query", light_cpu, "µs");
    print_ratio("CPU page / CPU light query", page_cpu / light_cpu);
}

async fn rate(server: &Server, people: &[Person], query: &'static str, variables: Value) -> (f64, f64) {
    let before = server.used();
    let mut reading = tokio::task::JoinSet::new();
    for reader in people {
        let (reader, variables) = (reader.clone(), variables.clone());
        reading.spawn(async move {
            let (begun, mut answers) = (Instant::now(), 0);
            while begun.elapsed() < WHILE {
                reader.ask(query, variables.clone()).await;
                answers += 1;
            }
            answers
        });
    }
    let answers: u32 = reading.join_all().await.into_iter().sum();
    let (wall, cpu) = server.used().since(before);
    (f64::from(answers) / wall, cpu * 1e6 / f64::from(answers))
}
