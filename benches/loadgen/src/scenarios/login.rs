//! Many logins at once, beside a light query at a steady rate.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::http::Http;
use crate::latency::{Latency, round};
use crate::meter::Meter;
use crate::scenarios::{Figures, Load, complain, secs};

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 100)]
    pub logins: usize,
    /// Light queries a second
    #[arg(long, default_value_t = 200.0)]
    pub rate: f64,
    /// Seconds of the light query alone, before
    #[arg(long, default_value_t = 2.0)]
    pub alone: f64,
}

impl Load {
    pub async fn login(&self, options: Options, out: &mut Figures) -> Result<()> {
        let accounts = self.sign_up(self.accounts.min(options.logins).max(1), "user").await?;
        let phase = Arc::new(Mutex::new(Latency::default()));
        let errors = Arc::new(AtomicU64::new(0));
        let (api, who, latency, failed) = (self.api.clone(), accounts[0].clone(), phase.clone(), errors.clone());
        let (stop, mut stopped) = watch::channel(());
        let queries = tokio::spawn(async move {
            let mut http = Http::new(api.address);
            let start = Instant::now();
            for n in 0u64.. {
                let due = start + secs(n as f64 / options.rate);
                tokio::select! {
                    () = sleep_until(due) => {}
                    _ = stopped.changed() => break,
                }
                if let Err(error) = api.light(&mut http, &who).await {
                    complain(&failed, "query", error);
                }
                // From when it was due: a server that stalls is not spared.
                let late = due.elapsed().as_nanos() as u64;
                latency.lock().unwrap_or_else(PoisonError::into_inner).record_ns(late);
            }
        });
        let take = || std::mem::take(&mut *phase.lock().unwrap_or_else(PoisonError::into_inner));
        sleep(secs(options.alone)).await;
        take().put(out, "query_alone_");

        let meter = Meter::start(self.server);
        let start = Instant::now();
        let mut logins = JoinSet::new();
        for i in 0..options.logins {
            let (api, email) = (self.api.clone(), accounts[i % accounts.len()].email.clone());
            logins.spawn(async move {
                let entered = api.log_in(&mut Http::new(api.address), &email).await;
                entered.map(|_| start.elapsed().as_nanos() as u64)
            });
        }
        let mut took = Latency::default();
        while let Some(login) = logins.join_next().await {
            match login? {
                Ok(ns) => took.record_ns(ns),
                Err(error) => complain(&errors, "login", format!("{error:#}")),
            }
        }
        let wall = start.elapsed().as_secs_f64();
        let cpu = meter.stop(out);
        stop.send_replace(());
        // The last query is counted as well.
        queries.await?;
        take().put(out, "query_");
        took.put(out, "login_");
        out.insert("logins".into(), json!(options.logins));
        out.insert("logins_per_s".into(), round(options.logins as f64 / wall, 1));
        if let Some(cpu) = cpu {
            out.insert("cpu_ms_per_login".into(), round(cpu * 1e3 / options.logins as f64, 1));
        }
        out.insert("errors".into(), json!(errors.load(Relaxed)));
        Ok(())
    }
}
