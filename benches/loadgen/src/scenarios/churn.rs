//! Clients whose connections are cut by TCP reset at random moments, while others send.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Result;
use rand::Rng;
use rand::rngs::SmallRng;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::http::Http;
use crate::meter::Meter;
use crate::scenarios::resuming::{Cut, Habits};
use crate::scenarios::{Figures, Load, secs, settle};
use crate::stamp::stamp_text;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 100)]
    pub clients: usize,
    #[arg(long, default_value_t = 5)]
    pub rooms: usize,
    /// Messages a second in each room
    #[arg(long, default_value_t = 20.0)]
    pub rate: f64,
    #[arg(long, default_value_t = 6.0)]
    pub seconds: f64,
    /// Messages to send to each room, however long it takes; left out: as many as there is time for
    #[arg(long)]
    pub messages: Option<u32>,
    /// Mean seconds from one cut of a client to its next
    #[arg(long, default_value_t = 1.0)]
    pub cut_every: f64,
    /// Cuts a client when so many messages have come over its connection, and at no other time
    #[arg(long)]
    pub cut_after: Option<u32>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Seconds without any delivery after which what is missing counts as lost
    #[arg(long, default_value_t = 5.0)]
    pub drain: f64,
}

/// Up to 0.2 s, however often it failed.
fn a_moment(rng: &mut SmallRng, _: u32) -> Duration {
    secs(rng.random::<f64>() * 0.2)
}

impl Load {
    pub async fn churn(&self, options: Options, out: &mut Figures) -> Result<()> {
        let Options { clients, rooms, rate, seconds, messages, .. } = options;
        let cut = options.cut_after.map_or(Cut::Every(options.cut_every), Cut::After);
        let habits = Habits { rooms, cut: Some(cut), wait: a_moment, seed: options.seed };
        let crowd = self.gather(clients, habits).await?;
        crowd.comings.cutting.store(true, Relaxed);
        let meter = Meter::start(self.server);
        let start = Instant::now();
        let mut sending = JoinSet::new();
        for (room, (sender, target)) in crowd.rooms.iter().cloned().enumerate() {
            let (api, size) = (self.api.clone(), self.text_bytes);
            sending.spawn(async move {
                let mut http = Http::new(api.address);
                let (mut n, mut unsure) = (0, Vec::new());
                let is_over = |sent: u32| match messages {
                    Some(all) => sent >= all,
                    None => start.elapsed() >= secs(seconds),
                };
                while !is_over(n) {
                    sleep_until(start + secs((f64::from(n) + room as f64 / 10.0) / rate)).await;
                    if let Err(error) = api.send(&mut http, &sender, &target, &stamp_text(false, room, n, size)).await {
                        eprintln!("loadgen: send: {error}");
                        unsure.push(n);
                        sleep(secs(0.1)).await;
                    }
                    n += 1;
                }
                (room, n, unsure)
            });
        }
        let mut sent = vec![(0, Vec::new()); rooms];
        while let Some(sender) = sending.join_next().await {
            let (room, n, unsure) = sender?;
            sent[room] = (n, unsure);
        }
        crowd.comings.cutting.store(false, Relaxed);
        let messages: u64 = sent.iter().map(|(n, _)| u64::from(*n)).sum();
        settle(&crowd.comings.received, messages * clients as u64, options.drain).await;
        meter.stop(out);
        self.send_last_probes(&crowd).await;
        out.insert("clients".into(), json!(clients));
        out.insert("messages".into(), json!(messages));
        crowd.finish(&sent, out).await
    }
}
