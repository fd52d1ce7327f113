//! One sender, and many subscribers who receive each message.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout};

use crate::api::Selection;
use crate::http::Http;
use crate::latency::{Latency, now_ns, round};
use crate::meter::Meter;
use crate::scenarios::subscribers::Received;
use crate::scenarios::{Figures, Load, secs, settle};
use crate::stamp::stamp_text;

/// How many sends may fail before the measurement is given up.
const FAILED_SENDS: usize = 20;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 1000)]
    pub subscribers: usize,
    /// Seconds of the same before measuring (V8 needs them)
    #[arg(long, default_value_t = 3.0)]
    pub warmup: f64,
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Messages to send, however long it takes; left out: as many as there is time for
    #[arg(long)]
    pub messages: Option<u32>,
    /// Messages a second; left out: a message when all have received the one `window` before
    #[arg(long)]
    pub rate: Option<f64>,
    /// How many messages may be on their way at once
    #[arg(long, default_value_t = 4)]
    pub window: u32,
    /// Seconds without any delivery after which what is missing counts as lost
    #[arg(long, default_value_t = 5.0)]
    pub drain: f64,
    /// Select a field that every viewer has another value of
    #[arg(long)]
    pub per_viewer: bool,
}

impl Load {
    pub async fn fan_out(&self, options: Options, out: &mut Figures) -> Result<()> {
        let all = options.subscribers as u64;
        let sender = self.sign_up(1, "sender").await?.remove(0);
        let accounts = self.sign_up(self.receivers(options.subscribers), "member").await?;
        let mut http = Http::new(self.api.address);
        let room = self.api.room(&mut http, &sender, &accounts).await?;
        let selection = if options.per_viewer { Selection::PerViewer } else { Selection::Message };
        let who = (&sender, &accounts[..], &room);
        let received = self.subscribe_all(options.subscribers, options.warmup, who, selection).await?;

        let meter = Meter::start(self.server);
        let (start, start_ns) = (Instant::now(), now_ns());
        let (mut sent, mut unsure, mut given_up) = (0, Vec::new(), 0);
        let mut acknowledged = Latency::default();
        let is_over = |sent: u32| match options.messages {
            Some(all) => sent >= all,
            None => start.elapsed() >= secs(options.seconds),
        };
        while !is_over(sent) {
            match options.rate {
                Some(rate) => sleep_until(start + secs(f64::from(sent) / rate)).await,
                None => wait_for_room(&received, u64::from(sent), u64::from(options.window), all, &mut given_up).await,
            }
            let begun = now_ns();
            if let Err(error) =
                self.api.send(&mut http, &sender, &room, &stamp_text(false, 0, sent, self.text_bytes)).await
            {
                eprintln!("loadgen: send: {error}");
                unsure.push(sent);
                if unsure.len() > FAILED_SENDS {
                    bail!("too many sends fail");
                }
            }
            acknowledged.record_ns(now_ns() - begun);
            sent += 1;
        }
        settle(&received.delivered, u64::from(sent) * all, options.drain).await;
        let cpu = meter.stop(out);
        self.send_last_probe(&mut http, (&sender, &room), &received, all).await;
        let delivered = received.delivered.load(Relaxed);
        let span = received.last_ns.load(Relaxed).saturating_sub(start_ns) as f64 / 1e9;
        let faults = received.finish(options.subscribers, sent, &unsure).await;

        out.insert("subscribers".into(), json!(options.subscribers));
        out.insert("messages".into(), json!(sent));
        out.insert("deliveries".into(), json!(delivered));
        out.insert("deliveries_per_s".into(), round(delivered as f64 / span.max(1e-9), 0));
        let each = delivered.max(1) as f64;
        if let Some(cpu) = cpu {
            out.insert("cpu_us_per_delivery".into(), round(cpu * 1e6 / each, 2));
        }
        out.insert("bytes_per_delivery".into(), round(received.bytes.load(Relaxed) as f64 / each, 0));
        received.latency.lock().unwrap_or_else(PoisonError::into_inner).put(out, "");
        acknowledged.put(out, "ack_");
        faults.put(out);
        for (name, count) in [
            ("failed_sends", unsure.len() as u64),
            ("disconnects", received.disconnects.load(Relaxed)),
            ("complaints", received.complaints.load(Relaxed)),
            ("incomplete", received.incomplete.load(Relaxed)),
        ] {
            out.insert(name.into(), json!(count));
        }
        Ok(())
    }
}

/// Waits until fewer than `window` messages are on their way to all subscribers. Deliveries that do not come for two
/// seconds are no longer waited for: they count as lost in the end.
async fn wait_for_room(received: &Received, sent: u64, window: u64, all: u64, given_up: &mut u64) {
    while sent * all - *given_up >= received.delivered.load(Relaxed) + window * all {
        received.wake_at.store((sent - window) * all - *given_up + 1, Relaxed);
        let before = received.delivered.load(Relaxed);
        let woken = timeout(secs(2.0), received.wake.notified()).await;
        if woken.is_err() && received.delivered.load(Relaxed) == before {
            *given_up = sent * all - before;
        }
    }
}
