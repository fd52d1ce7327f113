//! The scenarios: what each does to a server, and what is measured of it.

pub mod churn;
pub mod disk;
pub mod fan_out;
pub mod growth;
pub mod idle;
pub mod login;
pub mod requests;
pub mod restart;
mod resuming;
mod subscribers;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::api::{Account, Adapter, Api};
use crate::http::Http;

/// How often a sign-up is tried again, a second later.
const PATIENCE: usize = 5;

/// The figures of a run.
pub type Figures = Map<String, Value>;

/// A server, and how it is loaded.
pub struct Load {
    pub api: Api,
    /// The server's process, where its CPU and memory are wanted.
    pub server: Option<u32>,
    /// How many accounts connections are spread over.
    pub accounts: usize,
    pub text_bytes: usize,
}

impl Load {
    /// Signs `count` accounts up, two at a time.
    async fn sign_up(&self, count: usize, role: &'static str) -> Result<Vec<Account>> {
        // A server that runs already may know the people of an earlier run.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
        let run = format!("{:x}{now:x}", std::process::id());
        let mut made = vec![None; count];
        let mut signing_up = JoinSet::new();
        let lanes = count.min(2);
        for lane in 0..lanes {
            let (api, run) = (self.api.clone(), run.clone());
            signing_up.spawn(async move {
                let mut http = Http::new(api.address);
                let mut mine = Vec::new();
                for i in (lane..count).step_by(lanes) {
                    let (name, email) = (format!("Bench {role} {i}"), format!("{role}{i}.{run}@example.com"));
                    let mut account = api.sign_up(&mut http, &name, &email).await;
                    // Nothing is measured yet: who is too busy to hash a password may take some time.
                    for _ in 0..PATIENCE {
                        if account.is_err() {
                            sleep(secs(1.0)).await;
                            account = api.sign_up(&mut http, &name, &email).await;
                        }
                    }
                    mine.push((i, account?));
                }
                anyhow::Ok(mine)
            });
        }
        while let Some(lane) = signing_up.join_next().await {
            for (i, account) in lane?? {
                made[i] = Some(account);
            }
        }
        Ok(made.into_iter().flatten().collect())
    }

    /// How many accounts the subscribers have: one where a room has a single receiver.
    fn receivers(&self, connections: usize) -> usize {
        match self.api.kind {
            Adapter::Socketio => 1,
            Adapter::Graphql => self.accounts.min(connections).max(1),
        }
    }
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Counts an error, and prints the first three of its kind.
fn complain(counter: &AtomicU64, what: &str, error: impl Display) {
    if counter.fetch_add(1, Relaxed) < 3 {
        eprintln!("loadgen: {what}: {error}");
    }
}

/// How many seconds after the last progress a [`LAST_PROBE`](crate::stamp::LAST_PROBE) is no longer waited for.
const LAST_PROBE_PATIENCE: f64 = 10.0;

/// Waits until a count has come up to a number, and no longer than `patience` seconds after it last rose.
async fn settle(count: &AtomicU64, up_to: u64, patience: f64) {
    let mut last = (count.load(Relaxed), Instant::now());
    while last.0 < up_to && last.1.elapsed() < secs(patience) {
        sleep(secs(0.01)).await;
        let now = count.load(Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
    }
}
