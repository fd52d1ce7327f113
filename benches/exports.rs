//! What an archive of one's own data costs: the memory that the server takes for it, and what it leaves to those who send.
//!
//! `cargo bench --bench exports` makes an account with 100,000 messages, measures the rate of sends alone, and again while an
//! archive of that account is made, and how far the peak of the server's memory rises while the next one is made by itself.
//! `-- 5000` takes so many messages. The server and the load share the machine, so compare the ratio.

#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

const MESSAGES: u64 = 100_000;
/// Clients that fill the account.
const FILLERS: u64 = 64;
/// Clients whose rate is measured.
const SENDERS: usize = 16;
/// How long each rate is measured, in turns with the other one.
const TURN: Duration = Duration::from_secs(5);
const TURNS: usize = 6;
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";

/// The program on a folder of its own, until this is dropped.
struct Server {
    child: Child,
    folder: PathBuf,
    url: String,
    http: reqwest::Client,
}

/// Somebody with an account.
#[derive(Clone)]
struct Person {
    id: String,
    token: String,
}

impl Server {
    async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("parlour-bench-exports-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let child = Command::new(env!("CARGO_BIN_EXE_parlour"))
            .current_dir(&folder)
            .envs([("DATA_DIR", folder.display().to_string()), ("PORT", port.to_string())])
            .envs([("RATE_LIMITS", "off"), ("RUST_LOG", "warn")])
            .stdin(Stdio::null())
            .spawn();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let server = Self { child: child.expect("the program"), folder, url: format!("http://127.0.0.1:{port}"), http };
        while !server.http.get(format!("{}/readyz", server.url)).send().await.is_ok_and(|is| is.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server
    }

    async fn sign_up(&self, name: &str) -> Person {
        let input =
            json!({ "fullName": name, "email": format!("{name}@example.com"), "password": "correct horse 7 battery" });
        let query = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let made = ask(&self.http, &self.url, "", query, json!({ "input": input })).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Person { id: text(&made["signup"]["user"]["id"]), token: text(&made["signup"]["token"]) }
    }

    /// Sends messages from one to the other with so many clients, until `goes_on` says that it is enough.
    async fn send(
        &self,
        clients: usize,
        pair: (&Person, &Person),
        goes_on: impl Fn() -> bool + Clone + Send + 'static,
    ) {
        let mut sending = JoinSet::new();
        for _ in 0..clients {
            let (http, url, token) = (self.http.clone(), self.url.clone(), pair.0.token.clone());
            let (to, goes_on) = (pair.1.id.clone(), goes_on.clone());
            sending.spawn(async move {
                while goes_on() {
                    let text = "The quick brown fox jumps over the lazy dog, and over the next one too.";
                    let input = json!({ "to": { "userId": to }, "text": format!("{}: {text}", uuid::Uuid::new_v4()) });
                    ask(&http, &url, &token, SEND, json!({ "input": input })).await;
                }
            });
        }
        while let Some(ended) = sending.join_next().await {
            ended.expect("no panic");
        }
    }

    /// Messages a second, over a turn.
    async fn rate(&self, pair: (&Person, &Person)) -> f64 {
        let (sent, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let counted = Arc::clone(&sent);
        let goes_on = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            begun.elapsed() < TURN
        };
        self.send(SENDERS, pair, goes_on).await;
        // Each client counts once more than it sends.
        let sent = sent.load(Ordering::Relaxed) - SENDERS as u64;
        sent as f64 / begun.elapsed().as_secs_f64()
    }

    /// Has an archive made, and waits for it; its bytes.
    async fn export(&self, person: &Person) -> u64 {
        let made = ask(&self.http, &self.url, &person.token, "mutation { exportMyData { url } }", json!({})).await;
        let url = made["exportMyData"]["url"].as_str().expect("a URL").replace("localhost", "127.0.0.1");
        loop {
            // It is answered when the archive is whole, or says that it is not yet.
            let answer = self.http.head(&url).send().await.expect("an answer");
            match answer.status().as_u16() {
                200 => {
                    return answer.headers()["content-length"]
                        .to_str()
                        .ok()
                        .and_then(|n| n.parse().ok())
                        .expect("a size");
                }
                503 => {}
                other => panic!("{other}"),
            }
        }
    }

    /// Of the server's memory in bytes: `VmRSS` in use, `VmHWM` the peak.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().expect("a number") * 1024
    }

    /// From here on the peak is measured anew; what is in use.
    fn forget_the_peak(&self) -> u64 {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("Linux sets the peak back");
        self.memory("VmRSS:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors do not matter at the end.
        let _ = self.child.kill().and_then(|()| self.child.wait());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn ask(http: &reqwest::Client, url: &str, token: &str, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    let request = http.post(format!("{url}/graphql")).bearer_auth(token).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].clone()
}

#[tokio::main]
async fn main() {
    let messages = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(MESSAGES);
    let server = Server::start().await;
    let (ada, bob) = (server.sign_up("ada").await, server.sign_up("bob").await);
    let (carl, dora) = (server.sign_up("carl").await, server.sign_up("dora").await);
    let left = Arc::new(AtomicU64::new(messages));
    let take = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    server.send(FILLERS.min(messages) as usize, (&ada, &bob), take).await;

    let (before, begun) = (server.forget_the_peak(), Instant::now());
    let size = server.export(&ada).await;
    let (peak, took) = (server.memory("VmHWM:"), begun.elapsed());
    println!("exports of {messages} messages");
    println!("  an archive of{:>26.1} MB, in {:.1} s", size as f64 / 1e6, took.as_secs_f64());
    println!("  peak of the memory above what was in use{:>9.1} MiB", peak.saturating_sub(before) as f64 / 1_048_576.0);

    let (mut alone, mut during) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        alone.push(server.rate((&carl, &dora)).await);
        let is_over = AtomicBool::new(false);
        let exporting = async {
            // One after the other, as long as it takes.
            while !is_over.load(Ordering::Relaxed) {
                server.export(&ada).await;
            }
        };
        let measuring = async {
            during.push(server.rate((&carl, &dora)).await);
            is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(exporting, measuring);
    }
    let (alone, during) = (median(alone), median(during));
    println!("  sends a second: alone{alone:>28.0}, during an export {during:.0}");
    println!("  during an export / alone{:>25.2}", during / alone);
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
