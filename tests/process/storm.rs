//! Many concurrent logins to the real program: memory stays bounded, and other requests are answered.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parlour::limits;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Server, code, soon};

const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
const SIGN_UP: &str = "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }";
/// Ten times the allowed duration of the second slowest of a hundred queries.
const QUERY: Duration = Duration::from_secs(1);
const MIB: u64 = 1024 * 1024;

/// Executes a document as a visitor; the whole answer.
async fn answer(server: &Server, query: &str, input: Value) -> Value {
    let body = json!({ "query": query, "variables": { "input": input } });
    let request = server.http().post(server.url("/graphql")).json(&body);
    soon(request.send()).await.expect("an answer").json().await.expect("JSON")
}

async fn log_in(server: &Server, email: &str, password: &str) -> Value {
    answer(server, LOG_IN, json!({ "email": email, "password": password })).await
}

/// A hundred light queries are answered in time.
async fn queries(person: &Person) {
    let mut took = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        assert_eq!(soon(person.ask("{ me { id } }", json!({}))).await["me"]["id"], person.id);
        took.push(began.elapsed());
    }
    took.sort();
    println!("queries took {:?} in the middle, {:?} at p99", took[50], took[98]);
    assert!(took[98] <= QUERY, "{took:?}");
}

/// Logs in this many times at once with a password, and checks the bound of the memory; all answers.
async fn storm(server: &Server, person: &Person, logins: usize, password: &str) -> Vec<Value> {
    let before = server.memory();
    let answers = join_all((0..logins).map(|_| log_in(server, &person.email, password))).await;
    let after = server.memory();
    println!("memory {before:?}, then {after:?}");
    let cores = available_parallelism().map_or(1, usize::from) as u64;
    assert!(after.most <= before.resident + cores * 20 * MIB + 16 * MIB, "{before:?}, then {after:?}");
    answers
}

/// How many succeeded, and how many were rejected, each with this code and a `retryAfterMs`.
fn sorted(answers: &[Value], rejected: &str) -> (usize, usize) {
    let mut sorted = (0, 0);
    for answer in answers {
        if answer.get("errors").is_none() {
            sorted.0 += 1;
            continue;
        }
        assert_eq!(code(answer), rejected, "{answer}");
        let wait = answer["errors"][0]["extensions"]["retryAfterMs"].as_u64().expect("a time to wait");
        assert!((1..=600_000).contains(&wait), "{answer}");
        sorted.1 += 1;
    }
    sorted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_concurrent_logins_use_the_memory_of_a_few_and_delay_nobody() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);

    let (answers, ()) = tokio::join!(storm(&server, &ada, 200, PASSWORD), queries(&bob));

    let (well, refused) = sorted(&answers, "SERVICE_UNAVAILABLE");
    // They all fit into the queue; those who would wait too long get SERVICE_UNAVAILABLE.
    println!("{well} logged in, {refused} have to wait");
    assert!(well > 0 && well + refused == 200, "{well} and {refused}");
    assert_eq!(server.log().matches("signed in as").count(), well);
    assert_eq!(sorted(&[log_in(&server, &ada.email, PASSWORD).await], "RATE_LIMITED"), (1, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_concurrent_guesses_five_are_hashed() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "on")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let hashed = || server.cpu_time_of("hasher");
    let before = hashed();
    assert_eq!(sorted(&[log_in(&server, &ada.email, PASSWORD).await], "RATE_LIMITED"), (1, 0));
    let one = hashed() - before;

    let before = hashed();
    let (answers, ()) = tokio::join!(storm(&server, &ada, 200, "a wrong guess"), queries(&bob));
    let all = hashed() - before;

    let (compared, limited): (Vec<Value>, Vec<Value>) =
        answers.into_iter().partition(|answer| code(answer) == "INVALID_CREDENTIALS");
    assert_eq!((compared.len(), sorted(&limited, "RATE_LIMITED")), (5, (0, 195)));
    println!("a hash took {one:?}, all of them {all:?}");
    // Two hundred concurrent hashes would need five times this much, and five an eighth of it.
    assert!(!one.is_zero() && all < 40 * one, "{all:?}, where one takes {one:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_hasher_queue_answers_service_unavailable() {
    // On one processor: with many, filling the queue would take ever more people.
    let launcher = ["taskset", "--cpu-list", &a_processor()].map(str::to_owned);
    let mut server = Server::prepare(&[("RATE_LIMITS", "off")]).launched_by(launcher.to_vec());
    server.start_again().await;
    let ada = server.user("Ada").await;

    let answers = storm(&server, &ada, 2 * limits::HASH_QUEUE, PASSWORD).await;

    let (well, refused) = sorted(&answers, "SERVICE_UNAVAILABLE");
    println!("{well} logged in, {refused} have to wait");
    assert!(refused > 0 && well + refused == 2 * limits::HASH_QUEUE, "{well} and {refused}");
    assert_eq!(server.log().matches("signed in as").count(), well);
    server.stop().await;
}

/// The first processor that this process may run on.
fn a_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("its state");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("processors");
    list.trim().split([',', '-']).next().expect("a first one").to_owned()
}

#[tokio::test]
async fn an_oversized_password_is_rejected_before_it_is_hashed() {
    let mut server = Server::start().await;
    let ada = server.user("Ada").await;
    let before = (server.cpu_time_of("hasher"), server.memory());

    for (length, signup, login) in
        [(200_000, "BAD_USER_INPUT", "INVALID_CREDENTIALS"), (1_000_000, "PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE")]
    {
        let long = "x".repeat(length);
        let input = json!({ "fullName": "Eve", "email": "eve@example.com", "password": long });
        assert_eq!(code(&answer(&server, SIGN_UP, input).await), signup);
        assert_eq!(code(&log_in(&server, &ada.email, &long).await), login);
    }

    let after = (server.cpu_time_of("hasher"), server.memory());
    // The time in which threads only go to sleep. A hash takes at least three times as long.
    assert!(after.0 - before.0 < Duration::from_millis(5), "something was hashed: {before:?}, then {after:?}");
    assert!(after.1.most < before.1.most + 16 * MIB, "{before:?}, then {after:?}");
    server.stop().await;
}
