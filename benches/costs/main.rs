//! What Parlour costs: the release binary under load over real sockets, as figures and as ratios of one run.
//!
//! `cargo bench --bench costs` measures everything, `cargo bench --bench costs -- login idle` some of it. See `benches/README.md`.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

mod client;
mod fan_out;
mod history;
mod idle;
mod login;
mod send;
mod server;

use std::future::Future;
use std::pin::Pin;

use server::Server;

/// What is measured, against a fresh server each.
type Scenario = fn(Server) -> Pin<Box<dyn Future<Output = ()>>>;

const SCENARIOS: [(&str, Scenario); 5] = [
    ("fan_out", |server| Box::pin(fan_out::measure(server))),
    ("idle", |server| Box::pin(idle::measure(server))),
    ("send", |server| Box::pin(send::measure(server))),
    ("history", |server| Box::pin(history::measure(server))),
    ("login", |server| Box::pin(login::measure(server))),
];

fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let unknown = chosen.iter().find(|name| SCENARIOS.iter().all(|(known, _)| known != name));
    if let Some(unknown) = unknown {
        let known: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
        eprintln!("nothing is called {unknown:?}; there are {}", known.join(", "));
        std::process::exit(2);
    }
    // As many sockets as the hard limit allows.
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most).expect("up to the hard limit, anybody may");

    for (name, measure) in SCENARIOS {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            println!("{name}");
            // Before the runtime: its server gets a core of its own, and so does the load.
            let server = Server::start();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(measure(server));
        }
    }
}

/// A figure on a line of its own.
fn print(what: &str, figure: f64, unit: &str) {
    println!("  {what:<44} {figure:>10.1} {unit}");
}

/// A ratio of two figures of the same run.
fn print_ratio(what: &str, ratio: f64) {
    println!("  {what:<44} {ratio:>10.2} ×");
}

/// So many thousandths of the sorted values lie below this.
fn quantile(sorted: &[f64], thousandths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * thousandths / 1_000).copied().unwrap_or(f64::NAN)
}
