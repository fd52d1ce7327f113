//! What Parlour costs on PostgreSQL: nodes as processes on a private server with `fsync` on, beside what `pgbench` reaches
//! with the same rows on the same server.
//!
//! `cargo bench --bench postgres` measures everything, `cargo bench --bench postgres -- latency` some of it, and
//! `-- --short` only shows that it runs. See `benches/README.md`.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

mod client;
mod cluster;
mod deliver;
mod figures;
mod latency;
mod lock;
mod notify;
mod pgbench;
#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod postgres;
mod send;

use std::pin::Pin;
use std::time::Duration;

use cluster::Cluster;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Size {
    /// How long each rate is measured.
    pub time: Duration,
    /// Messages whose way is timed.
    pub messages: usize,
    /// How many sockets get each message where deliveries are counted.
    pub sockets: usize,
    /// How many send at once.
    pub senders: &'static [usize],
    /// How many nodes there are.
    pub nodes: &'static [usize],
    /// Connections that listen, beside those of the nodes.
    pub listeners: &'static [usize],
}

const WHOLE: Size = Size {
    time: Duration::from_secs(5),
    messages: 1_000,
    sockets: 500,
    senders: &[1, 16, 64, 256],
    nodes: &[1, 2, 4],
    listeners: &[0, 8, 16, 32],
};

/// The figures of so short a run say nothing.
const SHORT: Size = Size {
    time: Duration::from_millis(500),
    messages: 20,
    sockets: 20,
    senders: &[1, 4],
    nodes: &[1, 2],
    listeners: &[0, 2],
};

/// What is measured, on a fresh PostgreSQL server each.
type Scenario = fn(Cluster, Size) -> Pin<Box<dyn Future<Output = ()>>>;

const SCENARIOS: [(&str, Scenario); 4] = [
    ("send", |cluster, size| Box::pin(send::measure(cluster, size))),
    ("latency", |cluster, size| Box::pin(latency::measure(cluster, size))),
    ("deliver", |cluster, size| Box::pin(deliver::measure(cluster, size))),
    ("notify", |cluster, size| Box::pin(notify::measure(cluster, size))),
];

fn main() {
    let (options, chosen): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = chosen.iter().find(|name| SCENARIOS.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
        eprintln!("nothing is called {unknown:?}; there are {}", known.join(", "));
        std::process::exit(2);
    }
    // Cargo adds `--bench`.
    let size = if options.iter().any(|option| option == "--short") { SHORT } else { WHOLE };
    for (name, measure) in SCENARIOS {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            println!("{name}");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { measure(Cluster::prepare().await, size).await });
        }
    }
}
