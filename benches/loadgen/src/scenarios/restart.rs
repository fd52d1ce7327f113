//! A server that is killed, and one that is stopped in order, with everybody connected: how long it takes until all are
//! back. Whoever started it starts it again, as soon as it has ended.

use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use rand::Rng;
use rand::rngs::SmallRng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::http::Http;
use crate::latency::{now_ns, round};
use crate::meter::Meter;
use crate::scenarios::resuming::Habits;
use crate::scenarios::{Figures, Load, secs, settle};
use crate::stamp::stamp_text;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 2000)]
    pub clients: usize,
    /// How often the server is killed, and stopped
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Messages a second
    #[arg(long, default_value_t = 4.0)]
    pub rate: f64,
    /// Seconds after which who is not back does not count any more
    #[arg(long, default_value_t = 40.0)]
    pub patience: f64,
    /// Seconds without any delivery after which what is missing counts as lost
    #[arg(long, default_value_t = 1.0)]
    pub drain: f64,
    /// The file that holds the number of the server's process, renewed with each start
    #[arg(long)]
    pub pid_file: PathBuf,
}

/// What ends the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// SIGKILL, as a crash.
    Kill,
    /// SIGTERM, as an update.
    Stop,
}

/// As long as the client in Parlour's README waits.
fn with_backoff(rng: &mut SmallRng, failures: u32) -> Duration {
    secs(0.1 + rng.random::<f64>() * f64::from(2u32.pow(failures.min(10))).min(9.9))
}

impl Load {
    pub async fn restart(&self, options: Options, out: &mut Figures) -> Result<()> {
        let pid_file = options.pid_file.clone();
        let signal = move |ending| {
            let pid: i32 = std::fs::read_to_string(&pid_file)?.trim().parse().context("the file of the process")?;
            let signal = if ending == Ending::Kill { Signal::KILL } else { Signal::TERM };
            Ok(kill_process(Pid::from_raw(pid).context("a process")?, signal)?)
        };
        self.restart_by(signal, |_| false, options, out).await
    }

    /// As [`Self::restart`], where `end` ends the server, and `is_all` says of how many are back whether nobody else will
    /// be.
    pub(super) async fn restart_by(
        &self,
        mut end: impl FnMut(Ending) -> Result<()>,
        is_all: impl Fn(u64) -> bool,
        options: Options,
        out: &mut Figures,
    ) -> Result<()> {
        let Options { clients, rounds, rate, patience, drain, .. } = options;
        let habits = Habits { rooms: 1, cut: None, wait: with_backoff, seed: 1 };
        let crowd = self.gather(clients, habits).await?;
        let (stop, stopped) = watch::channel(false);
        let (api, size, (sender, room)) = (self.api.clone(), self.text_bytes, crowd.rooms[0].clone());
        let sending = tokio::spawn(async move {
            let mut http = Http::new(api.address);
            let (mut n, mut unsure) = (0, Vec::new());
            while !*stopped.borrow() {
                let is_sent = api.send(&mut http, &sender, &room, &stamp_text(false, 0, n, size)).await.is_ok();
                if !is_sent {
                    unsure.push(n);
                }
                n += 1;
                sleep(secs(if is_sent { 1.0 / rate } else { 0.05 })).await;
            }
            (n, unsure)
        });

        let comings = &crowd.comings;
        let meter = Meter::start(None);
        let (mut times, mut not_back) = ([Vec::new(), Vec::new()], 0);
        for _ in 0..rounds {
            for (ending, times) in [Ending::Kill, Ending::Stop].into_iter().zip(&mut times) {
                sleep(secs(1.5)).await;
                let begun = now_ns();
                comings.back.store(0, Relaxed);
                comings.ended_ns.store(begun, Relaxed);
                end(ending)?;
                let until = Instant::now() + secs(patience);
                let back = || comings.back.load(Relaxed);
                while back() < clients as u64 && !is_all(back()) && Instant::now() < until {
                    sleep(secs(0.005)).await;
                }
                not_back += clients as u64 - back();
                times.push((comings.last_back_ns.load(Relaxed).saturating_sub(begun)) as f64 / 1e9);
            }
        }
        stop.send_replace(true);
        let sent = sending.await?;
        settle(&comings.received, u64::from(sent.0) * clients as u64, drain).await;
        meter.stop(out);
        let [kill, stop] = times.map(median);
        out.insert("clients".into(), json!(clients));
        out.insert("kill_s".into(), round(kill, 3));
        out.insert("stop_s".into(), round(stop, 3));
        out.insert("stop_to_kill".into(), if kill > 0.0 { round(stop / kill, 3) } else { Value::Null });
        out.insert("not_back".into(), json!(not_back));
        crowd.finish(&[sent], out).await
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
