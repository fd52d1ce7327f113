//! Closed loops: clients who each make the next request when the last is answered.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;
use tokio::task::{JoinSet, LocalSet};
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
    /// Requests of each client, however long they take; left out: as many as there is time for
    #[arg(long)]
    pub requests: Option<u32>,
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
        let Options { clients, seconds, requests, warmup } = options;
        let local = LocalSet::new();
        let latency = Arc::new(Mutex::new(Latency::default()));
        let (count, errors) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let begin = Instant::now() + secs(warmup);
        let end = begin + secs(seconds);
        let is_over = move |made: u32| match requests {
            Some(all) => made >= all,
            None => Instant::now() >= end,
        };
        let mut tasks = JoinSet::new();
        for i in 0..clients {
            let mut request = make(self.api.clone(), i);
            let (latency, count, errors) = (latency.clone(), count.clone(), errors.clone());
            let client = async move {
                let mut n = 0;
                while !is_over(n) {
                    let begun = now_ns();
                    let answered = request(n).await;
                    if let Err(error) = answered {
                        complain(&errors, "request", error);
                        sleep(secs(0.05)).await;
                    } else if Instant::now() >= begin && !is_over(n) {
                        latency.lock().unwrap_or_else(PoisonError::into_inner).record_ns(now_ns() - begun);
                        count.fetch_add(1, Relaxed);
                    }
                    n += 1;
                }
            };
            tasks.spawn_local_on(client, &local);
        }
        let measured = async {
            sleep_until(begin).await;
            let meter = Meter::start(self.server);
            if requests.is_some() {
                all_of(&mut tasks).await?;
            } else {
                sleep_until(end).await;
            }
            let (answered, took) = (count.load(Relaxed), begin.elapsed().as_secs_f64());
            out.insert("clients".into(), json!(clients));
            out.insert("requests".into(), json!(answered));
            out.insert("per_s".into(), round(answered as f64 / took, 1));
            if let Some(cpu) = meter.stop(out) {
                out.insert("cpu_us_per_request".into(), round(cpu * 1e6 / answered.max(1) as f64, 1));
            }
            // What was asked for last is answered after the end.
            all_of(&mut tasks).await
        };
        local.run_until(measured).await?;
        latency.lock().unwrap_or_else(PoisonError::into_inner).put(out, "");
        out.insert("errors".into(), json!(errors.load(Relaxed)));
        Ok(())
    }
}

/// Waits for all clients.
async fn all_of(clients: &mut JoinSet<()>) -> Result<()> {
    while let Some(client) = clients.join_next().await {
        client?;
    }
    Ok(())
}
