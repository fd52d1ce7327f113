//! Clients that read everything of their accounts, lose their connection, and come back after the last message that they
//! received.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::api::{Account, Api, Selection, Target};
use crate::book::{Book, Faults};
use crate::http::Http;
use crate::latency::{Latency, now_ns};
use crate::scenarios::{Figures, LAST_PROBE_PATIENCE, Load, complain, secs, settle};
use crate::stamp::{LAST_PROBE, read_cursor, read_stamp, stamp_text};

/// How the clients behave.
#[derive(Clone, Copy)]
pub struct Habits {
    pub rooms: usize,
    /// `None` if only the server ends connections.
    pub cut: Option<Cut>,
    /// How long a client waits before it connects for the n-th time in a row without success.
    pub wait: fn(&mut SmallRng, u32) -> Duration,
    pub seed: u64,
}

/// When a client's connection is cut.
#[derive(Clone, Copy)]
pub enum Cut {
    /// After a random time, of so many seconds in the mean, while there are cuts.
    Every(f64),
    /// When so many new messages have come over it. Where this is, does not depend on the time.
    After(u32),
}

/// What all clients count together.
#[derive(Default)]
pub struct Comings {
    ready: AtomicU64,
    /// Clients that have received the last probe of every room: they receive nothing more.
    through: AtomicU64,
    pub cutting: AtomicBool,
    stop: watch::Sender<bool>,
    pub received: AtomicU64,
    cuts: AtomicU64,
    /// Connections that the server ended.
    disconnects: AtomicU64,
    complaints: AtomicU64,
    failed_connects: AtomicU64,
    pub latency: Mutex<Latency>,
    /// When everybody's connection was ended, or 0. Who connects after it and receives what was sent after it is back.
    pub ended_ns: AtomicU64,
    pub back: AtomicU64,
    pub last_back_ns: AtomicU64,
}

/// Clients and the rooms that all of them are in.
pub struct Crowd {
    pub comings: Arc<Comings>,
    /// The sender of each room, and the room.
    pub rooms: Vec<(Account, Target)>,
    clients: JoinSet<(Vec<Book>, Faults)>,
}

impl Load {
    /// Subscribes so many clients, and proves with probe messages that each receives from every room.
    pub(super) async fn gather(&self, count: usize, habits: Habits) -> Result<Crowd> {
        let senders = self.sign_up(habits.rooms, "sender").await?;
        let accounts = self.sign_up(self.receivers(count), "member").await?;
        let mut http = Http::new(self.api.address);
        let mut rooms = Vec::new();
        for sender in senders {
            let room = self.api.room(&mut http, &sender, &accounts).await?;
            rooms.push((sender, room));
        }
        let comings = Arc::new(Comings::default());
        let mut clients = JoinSet::new();
        for i in 0..count {
            let rng = SmallRng::seed_from_u64(habits.seed * 1_000_003 + i as u64);
            let (api, who) = (self.api.clone(), accounts[i % accounts.len()].clone());
            let comings = comings.clone();
            clients.spawn(async move {
                // Not all at the same instant.
                sleep(secs(0.001 * i as f64)).await;
                come_and_go(api, who, habits, rng, &comings).await
            });
        }
        for n in 0..40 {
            for (room, (sender, target)) in rooms.iter().enumerate() {
                self.api.send(&mut http, sender, target, &stamp_text(true, room, n, self.text_bytes)).await?;
            }
            sleep(secs(0.5)).await;
            if comings.ready.load(Relaxed) == count as u64 {
                return Ok(Crowd { comings, rooms, clients });
            }
        }
        bail!("only {} of {count} clients receive", comings.ready.load(Relaxed))
    }

    /// Sends a probe to each room behind everything else, and waits until all clients have received them, connected or
    /// again connected. What was sent before has arrived then, once or twice, or never will.
    pub(super) async fn send_last_probes(&self, crowd: &Crowd) {
        let mut http = Http::new(self.api.address);
        for (room, (sender, target)) in crowd.rooms.iter().enumerate() {
            let text = stamp_text(true, room, LAST_PROBE, self.text_bytes);
            if let Err(error) = self.api.send(&mut http, sender, target, &text).await {
                return eprintln!("loadgen: a last probe: {error}");
            }
        }
        settle(&crowd.comings.through, crowd.clients.len() as u64, LAST_PROBE_PATIENCE).await;
    }
}

impl Crowd {
    /// Ends all clients, and adds what was wrong with what they received: `sent` has for each room how many messages were
    /// sent, and which of them may never have been accepted.
    pub async fn finish(mut self, sent: &[(u32, Vec<u32>)], out: &mut Figures) -> Result<()> {
        let comings = &self.comings;
        comings.stop.send_replace(true);
        let mut all = Faults::default();
        while let Some(client) = self.clients.join_next().await {
            let (books, faults) = client?;
            let lost = books.iter().zip(sent).map(|(book, (sent, unsure))| book.lost(*sent, unsure)).sum();
            all.add(Faults { lost, ..faults });
        }
        comings.latency.lock().unwrap_or_else(PoisonError::into_inner).put(out, "");
        all.put(out);
        for (name, count) in [
            ("received", &comings.received),
            ("cuts", &comings.cuts),
            ("disconnects", &comings.disconnects),
            ("complaints", &comings.complaints),
            ("failed_connects", &comings.failed_connects),
        ] {
            out.insert(name.into(), json!(count.load(Relaxed)));
        }
        let failed: usize = sent.iter().map(|(_, unsure)| unsure.len()).sum();
        out.insert("failed_sends".into(), json!(failed));
        Ok(())
    }
}

/// One client, until all are stopped.
async fn come_and_go(
    api: Api,
    who: Account,
    habits: Habits,
    mut rng: SmallRng,
    comings: &Comings,
) -> (Vec<Book>, Faults) {
    let mut books: Vec<Book> = (0..habits.rooms).map(|_| Book::default()).collect();
    let (mut faults, mut cursor) = (Faults::default(), None::<String>);
    let (mut probed, mut is_last, mut failures, mut back_after) =
        (vec![false; habits.rooms], vec![false; habits.rooms], 0, 0);
    // Also seen by who connects just then.
    let mut stop = comings.stop.subscribe();
    while !*stop.borrow() {
        let mut ws = match api.subscribe(&who, None, cursor.as_deref(), Selection::Resumable).await {
            Ok(ws) => ws,
            Err(error) => {
                complain(&comings.failed_connects, "connect", format!("{error:#}"));
                sleep((habits.wait)(&mut rng, failures)).await;
                failures += 1;
                continue;
            }
        };
        let (connected_ns, mut is_silent) = (now_ns(), true);
        let (cut_at, cut_after) = match habits.cut {
            Some(Cut::Every(mean)) => (Some(Instant::now() + secs(-mean * (1.0 - rng.random::<f64>()).ln())), None),
            Some(Cut::After(count)) => (None, Some(count)),
            None => (None, None),
        };
        let mut came = 0;
        loop {
            let work = ws.receive(|message, reply| {
                if cut_after.is_some_and(|count| came >= count) {
                    // It is cut before this.
                    return;
                }
                let Some(stamp) = read_stamp(message) else {
                    if let Err(error) = api.control(message, reply) {
                        complain(&comings.complaints, "the server says", error);
                    }
                    return;
                };
                is_silent = false;
                cursor = read_cursor(message).or(cursor.take());
                if stamp.probe {
                    books[stamp.room].note_seq(stamp.seq, &mut faults);
                    let was_ready = probed.iter().all(|probed| *probed);
                    probed[stamp.room] = true;
                    if !was_ready && probed.iter().all(|probed| *probed) {
                        comings.ready.fetch_add(1, Relaxed);
                    }
                    if stamp.n == LAST_PROBE && !std::mem::replace(&mut is_last[stamp.room], true) {
                        comings.through.fetch_add(u64::from(is_last.iter().all(|is_last| *is_last)), Relaxed);
                    }
                } else if books[stamp.room].note(stamp.n, stamp.seq, &mut faults) {
                    came += 1;
                    let now = now_ns();
                    comings.received.fetch_add(1, Relaxed);
                    comings.latency.lock().unwrap_or_else(PoisonError::into_inner).record_ns(now - stamp.sent_ns);
                    let ended = comings.ended_ns.load(Relaxed);
                    if ended != back_after && ended < connected_ns && ended < stamp.sent_ns {
                        back_after = ended;
                        comings.last_back_ns.store(now, Relaxed);
                        comings.back.fetch_add(1, Relaxed);
                    }
                }
            });
            tokio::select! {
                ended = work => {
                    if ended.is_err() {
                        comings.disconnects.fetch_add(1, Relaxed);
                        break;
                    }
                    if cut_after.is_some_and(|count| came >= count) {
                        comings.cuts.fetch_add(1, Relaxed);
                        ws.reset();
                        break;
                    }
                }
                () = sleep_until(cut_at.unwrap_or_else(Instant::now)),
                    if cut_at.is_some() && comings.cutting.load(Relaxed) =>
                {
                    comings.cuts.fetch_add(1, Relaxed);
                    ws.reset();
                    break;
                },
                _ = stop.wait_for(|stop| *stop) => return (books, faults),
            }
        }
        // A server that accepts and falls silent is tried less and less often, as one that refuses.
        failures = if is_silent { failures + 1 } else { 0 };
        sleep((habits.wait)(&mut rng, failures)).await;
    }
    (books, faults)
}
