//! Closed loops: clients who each make the next request when the last is answered.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::api::{Api, SIDEBAR, Target};
use crate::http::Http;
use crate::latency::{Latency, now_ns, round};
use crate::meter::Meter;
use crate::scenarios::{Figures, Load, complain, secs};
use crate::stamp::stamp_text;

/// The messages of a conversation whose newest page is read, and the size of the page.
const MESSAGES: u32 = 200;
const PAGE: usize = 50;
/// The people whose sidebars are read: each of them has conversations with the same 50.
const READERS: usize = 4;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 16)]
    pub clients: usize,
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Seconds of the same before measuring (V8 needs them)
    #[arg(long, default_value_t = 3.0)]
    pub warmup: f64,
}

impl Load {
    /// Each client writes to the next one.
    pub async fn send(&self, options: Options, out: &mut Figures) -> Result<()> {
        let accounts = self.sign_up(self.accounts.min(options.clients).max(2), "sender").await?;
        let size = self.text_bytes;
        self.closed_loop(options, out, move |api, i| {
            let me = accounts[i % accounts.len()].clone();
            let other = Target::User(accounts[(i + 1) % accounts.len()].id.clone());
            let mut http = Http::new(api.address);
            async move |n| api.send(&mut http, &me, &other, &stamp_text(false, i, n, size)).await
        })
        .await
    }

    /// Each client reads the newest page of the same conversation, in which five people wrote.
    pub async fn history(&self, options: Options, out: &mut Figures) -> Result<()> {
        let sender = self.sign_up(1, "sender").await?.remove(0);
        let readers = self.sign_up(self.receivers(options.clients), "reader").await?;
        let mut http = Http::new(self.api.address);
        let room = self.api.room(&mut http, &sender, &readers).await?;
        // A direct conversation is named by the other side.
        let (writers, of) = match &room {
            Target::User(_) => (vec![sender.clone(), readers[0].clone()], Target::User(sender.id.clone())),
            Target::Conversation(_) => {
                (readers.iter().take(4).cloned().chain([sender.clone()]).collect(), room.clone())
            }
        };
        for n in 0..MESSAGES {
            let writer = &writers[n as usize % writers.len()];
            let to = if writer.id == sender.id { &room } else { &of };
            self.api.send(&mut http, writer, to, &stamp_text(true, 0, n, self.text_bytes)).await?;
        }
        self.closed_loop(options, out, move |api, i| {
            let (me, of) = (readers[i % readers.len()].clone(), of.clone());
            let mut http = Http::new(api.address);
            async move |_| api.history(&mut http, &me, &of, PAGE).await
        })
        .await
    }

    /// Each client reads the sidebar of one of four people, each with 50 direct conversations and one to three unread
    /// messages in each.
    pub async fn sidebar(&self, options: Options, out: &mut Figures) -> Result<()> {
        let others = self.sign_up(SIDEBAR, "other").await?;
        let readers = self.sign_up(READERS, "reader").await?;
        let mut http = Http::new(self.api.address);
        for reader in &readers {
            let to = Target::User(reader.id.clone());
            for (i, other) in others.iter().enumerate() {
                for n in 0..=i % 3 {
                    self.api.send(&mut http, other, &to, &stamp_text(true, i, n as u32, self.text_bytes)).await?;
                }
            }
        }
        self.closed_loop(options, out, move |api, i| {
            let me = readers[i % readers.len()].clone();
            let mut http = Http::new(api.address);
            async move |_| api.sidebar(&mut http, &me).await
        })
        .await
    }

    async fn closed_loop<F>(&self, options: Options, out: &mut Figures, make: impl Fn(Api, usize) -> F) -> Result<()>
    where
        F: AsyncFnMut(u32) -> Result<()> + 'static,
    {
        let Options { clients, seconds, warmup } = options;
        let local = LocalSet::new();
        let latency = Arc::new(Mutex::new(Latency::default()));
        let (count, errors) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let begin = Instant::now() + secs(warmup);
        let end = begin + secs(seconds);
        let mut tasks = Vec::new();
        for i in 0..clients {
            let mut request = make(self.api.clone(), i);
            let (latency, count, errors) = (latency.clone(), count.clone(), errors.clone());
            tasks.push(local.spawn_local(async move {
                let mut n = 0;
                while Instant::now() < end {
                    let begun = now_ns();
                    let answered = request(n).await;
                    n += 1;
                    if let Err(error) = answered {
                        complain(&errors, "request", error);
                        sleep(secs(0.05)).await;
                    } else if Instant::now() >= begin && Instant::now() < end {
                        latency.lock().unwrap_or_else(PoisonError::into_inner).record_ns(now_ns() - begun);
                        count.fetch_add(1, Relaxed);
                    }
                }
            }));
        }
        let measured = async {
            sleep_until(begin).await;
            let meter = Meter::start(self.server);
            sleep_until(end).await;
            let requests = count.load(Relaxed);
            out.insert("clients".into(), json!(clients));
            out.insert("requests".into(), json!(requests));
            out.insert("per_s".into(), round(requests as f64 / seconds, 1));
            if let Some(cpu) = meter.stop(out) {
                out.insert("cpu_us_per_request".into(), round(cpu * 1e6 / requests.max(1) as f64, 1));
            }
            for task in tasks {
                task.await?;
            }
            anyhow::Ok(())
        };
        local.run_until(measured).await?;
        latency.lock().unwrap_or_else(PoisonError::into_inner).put(out, "");
        out.insert("errors".into(), json!(errors.load(Relaxed)));
        Ok(())
    }
}
