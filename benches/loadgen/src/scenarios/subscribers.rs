//! Many subscribers of one room, of which each keeps a book.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::api::{Account, Api, Selection, Target};
use crate::book::{Book, Faults};
use crate::http::Http;
use crate::latency::{Latency, now_ns};
use crate::scenarios::{LAST_PROBE_PATIENCE, Load, complain, secs, settle};
use crate::stamp::{LAST_PROBE, read_stamp, stamp_text};
use crate::ws::Ws;

/// How many connect at once.
const CONNECTING: usize = 64;

/// What all subscribers count together.
#[derive(Default)]
pub struct Received {
    ready: AtomicU64,
    probes: AtomicU64,
    /// Subscribers that receive nothing more: they have the last probe, or their connection has ended.
    through: AtomicU64,
    pub delivered: AtomicU64,
    /// The sender waits until `delivered` is this.
    pub wake_at: AtomicU64,
    pub wake: Notify,
    pub disconnects: AtomicU64,
    pub complaints: AtomicU64,
    /// Subscribers whose first message had not all fields.
    pub incomplete: AtomicU64,
    pub bytes: AtomicU64,
    pub last_ns: AtomicU64,
    pub latency: Mutex<Latency>,
    /// Handed in by subscribers that ended.
    books: Mutex<Vec<(Book, Faults)>>,
    stop: Notify,
}

impl Received {
    /// Ends all subscribers; what was wrong with what they received of `sent` messages, without those that may never
    /// have been accepted.
    pub async fn finish(&self, subscribers: usize, sent: u32, unsure: &[u32]) -> Faults {
        self.stop.notify_waiters();
        let until = Instant::now() + secs(5.0);
        let handed_in = || self.books.lock().unwrap_or_else(PoisonError::into_inner);
        while handed_in().len() < subscribers && Instant::now() < until {
            sleep(secs(0.01)).await;
        }
        let mut all = Faults::default();
        for (book, faults) in handed_in().iter() {
            all.add(Faults { lost: book.lost(sent, unsure), ..*faults });
        }
        all
    }
}

impl Load {
    /// Connects and subscribes `count` clients, and proves with probe messages that each receives: nothing in
    /// graphql-transport-ws says that a subscription stands. Then sends probes for `warmup` seconds, one after the other.
    pub(super) async fn subscribe_all(
        &self,
        count: usize,
        warmup: f64,
        (sender, accounts, room): (&Account, &[Account], &Target),
        selection: Selection,
    ) -> Result<Arc<Received>> {
        let received = Arc::new(Received::default());
        let gate = Arc::new(Semaphore::new(CONNECTING));
        let mut connecting = JoinSet::new();
        for i in 0..count {
            let (api, room, received) = (self.api.clone(), room.clone(), received.clone());
            let account = accounts[i % accounts.len()].clone();
            let permit = gate.clone().acquire_owned().await?;
            while let Some(connected) = connecting.try_join_next() {
                connected??;
            }
            connecting.spawn(async move {
                let ws = api.subscribe(&account, Some(&room), None, selection).await?;
                drop(permit);
                tokio::spawn(receive(ws, api, received));
                anyhow::Ok(())
            });
        }
        while let Some(connected) = connecting.join_next().await {
            connected??;
        }
        let mut http = Http::new(self.api.address);
        let mut probes = 0..;
        let mut probe = async || {
            let text = stamp_text(true, 0, probes.next().unwrap_or_default(), self.text_bytes);
            self.api.send(&mut http, sender, room, &text).await
        };
        let all = count as u64;
        for _ in 0..10 {
            probe().await?;
            let until = Instant::now() + secs(3.0);
            while received.ready.load(Relaxed) < all && Instant::now() < until {
                sleep(secs(0.02)).await;
            }
            if received.ready.load(Relaxed) == all {
                // What is still on its way is not to be counted.
                sleep(secs(0.3)).await;
                let end = Instant::now() + secs(warmup);
                while Instant::now() < end {
                    let want = received.probes.load(Relaxed) + all;
                    probe().await?;
                    let patience = Instant::now() + secs(3.0);
                    while received.probes.load(Relaxed) < want && Instant::now() < patience {
                        sleep(secs(0.002)).await;
                    }
                }
                return Ok(received);
            }
        }
        bail!("only {} of {count} subscribers receive", received.ready.load(Relaxed))
    }

    /// Sends a probe behind everything else, and waits until all have received it. What was sent before has arrived then,
    /// once or twice, or never will.
    pub(super) async fn send_last_probe(
        &self,
        http: &mut Http,
        (sender, room): (&Account, &Target),
        received: &Received,
        all: u64,
    ) {
        match self.api.send(http, sender, room, &stamp_text(true, 0, LAST_PROBE, self.text_bytes)).await {
            Ok(()) => settle(&received.through, all, LAST_PROBE_PATIENCE).await,
            Err(error) => eprintln!("loadgen: the last probe: {error}"),
        }
    }
}

/// Reads one subscription until it is stopped.
async fn receive(mut ws: Ws, api: Api, received: Arc<Received>) {
    let (mut book, mut faults) = (Book::default(), Faults::default());
    let (mut is_ready, mut is_checked, mut is_through) = (false, false, false);
    let stop = received.stop.notified();
    tokio::pin!(stop);
    loop {
        let work = ws.receive(|message, reply| {
            let Some(stamp) = read_stamp(message) else {
                if let Err(error) = api.control(message, reply) {
                    complain(&received.complaints, "the server says", error);
                }
                return;
            };
            if stamp.probe {
                book.note_seq(stamp.seq, &mut faults);
                received.probes.fetch_add(1, Relaxed);
                if stamp.n == LAST_PROBE && !std::mem::replace(&mut is_through, true) {
                    received.through.fetch_add(1, Relaxed);
                }
                if !std::mem::replace(&mut is_ready, true) {
                    received.ready.fetch_add(1, Relaxed);
                }
                return;
            }
            if !book.note(stamp.n, stamp.seq, &mut faults) {
                return;
            }
            let now = now_ns();
            received.latency.lock().unwrap_or_else(PoisonError::into_inner).record_ns(now - stamp.sent_ns);
            received.bytes.fetch_add(message.len() as u64, Relaxed);
            received.last_ns.store(now, Relaxed);
            if received.delivered.fetch_add(1, Relaxed) + 1 == received.wake_at.load(Relaxed) {
                received.wake.notify_one();
            }
            if !std::mem::replace(&mut is_checked, true) && !api.is_complete(message) {
                complain(&received.incomplete, "a field is missing", String::from_utf8_lossy(message));
            }
        });
        tokio::select! {
            ended = work => if let Err(error) = ended {
                complain(&received.disconnects, "a subscriber", error);
                if !is_through {
                    received.through.fetch_add(1, Relaxed);
                }
                break;
            },
            () = &mut stop => break,
        }
    }
    received.books.lock().unwrap_or_else(PoisonError::into_inner).push((book, faults));
}
