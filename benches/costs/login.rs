//! A light query at a steady rate, alone and while a hundred people sign in at once.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::{PASSWORD, Person};
use super::server::Server;
use super::{print, print_ratio, quantile};

const LOGINS: usize = 100;
const PEOPLE: usize = 20;
const QUERIES: usize = 500;
const EVERY: Duration = Duration::from_millis(5);
const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";

pub async fn measure(server: Server) {
    let people = Person::sign_up_all(server.address, PEOPLE).await;
    let reader = &people[0];
    // The first ones find everything cold.
    latencies(reader, after(QUERIES / 5)).await;
    let alone = latencies(reader, after(QUERIES)).await;

    let mut logins = JoinSet::new();
    let begun = Instant::now();
    for number in 0..LOGINS {
        let person = people[number % PEOPLE].clone();
        logins.spawn(async move {
            person.ask(LOGIN, json!({ "input": { "email": person.email, "password": PASSWORD } })).await;
        });
    }
    let meanwhile = latencies(reader, || {
        while logins.try_join_next().is_some() {}
        logins.is_empty()
    })
    .await;
    print("logins", LOGINS as f64 / begun.elapsed().as_secs_f64(), "/s");
    for (what, of) in [("alone", &alone), ("during logins", &meanwhile)] {
        print(&format!("light query, {what}: median"), quantile(of, 500), "ms");
        print(&format!("light query, {what}: p99"), quantile(of, 990), "ms");
    }
    print_ratio("p99 during logins / p99 alone", quantile(&meanwhile, 990) / quantile(&alone, 990));
}

fn after(queries: usize) -> impl FnMut() -> bool {
    let mut sent = 0;
    move || {
        sent += 1;
        sent > queries
    }
}

/// How long a light query takes, counted from when it was due, until it is enough; sorted, in ms.
async fn latencies(reader: &Person, mut is_enough: impl FnMut() -> bool) -> Vec<f64> {
    let (mut due, mut asking) = (Instant::now(), JoinSet::new());
    while !is_enough() {
        due += EVERY;
        sleep_until(due).await;
        let reader = reader.clone();
        asking.spawn(async move {
            reader.ask("{ me { id } }", json!({})).await;
            due.elapsed().as_secs_f64() * 1e3
        });
    }
    let mut latencies = asking.join_all().await;
    latencies.sort_by(f64::total_cmp);
    latencies
}
