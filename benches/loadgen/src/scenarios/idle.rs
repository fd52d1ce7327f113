//! Connected, subscribed and silent: what a connection costs that does nothing.

use std::sync::atomic::Ordering::Relaxed;

use anyhow::Result;
use serde_json::json;
use tokio::time::sleep;

use crate::api::Selection;
use crate::http::Http;
use crate::latency::round;
use crate::meter::{Meter, usage};
use crate::scenarios::{Figures, Load, secs};

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 1000)]
    pub subscribers: usize,
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Seconds after the last connection, before anything is measured
    #[arg(long, default_value_t = 2.0)]
    pub settle: f64,
}

impl Load {
    pub async fn idle(&self, options: Options, out: &mut Figures) -> Result<()> {
        let sender = self.sign_up(1, "sender").await?.remove(0);
        let accounts = self.sign_up(self.receivers(options.subscribers), "member").await?;
        let room = self.api.room(&mut Http::new(self.api.address), &sender, &accounts).await?;
        sleep(secs(0.5)).await;
        let resident = || self.server.map_or(0, |pid| usage(pid).1);
        let before = resident();
        let who = (&sender, &accounts[..], &room);
        let received = self.subscribe_all(options.subscribers, 0.0, who, Selection::Message).await?;
        sleep(secs(options.settle)).await;
        out.insert("subscribers".into(), json!(options.subscribers));
        out.insert("rss_before_mb".into(), round(before as f64 / 1e6, 1));
        let meter = Meter::start(self.server);
        sleep(secs(options.seconds)).await;
        let grown = resident().saturating_sub(before) as f64;
        if let Some(cpu) = meter.stop(out) {
            out.insert("cpu_ms_per_s".into(), round(cpu * 1e3 / options.seconds, 2));
            out.insert("rss_kb_per_connection".into(), round(grown / 1e3 / options.subscribers as f64, 2));
        }
        out.insert("disconnects".into(), json!(received.disconnects.load(Relaxed)));
        Ok(())
    }
}
