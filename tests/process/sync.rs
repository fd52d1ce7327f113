//! The disk decides: nothing is acknowledged or published before it is synced, and what cannot be synced is an error.
//! These tests trace the running server with `strace`: `scripts/sync-faults` runs them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{
    Feed, Line, Listener, Log, Message, Person, SEND, Server, Strace, any_of, code, is_sound, position_of, soon, up_to,
};

const MESSAGES: usize = 100;
const ROUNDS: usize = 20;
const SENDERS: usize = 4;
/// The most batches before the disk fails, and the most that fail then.
const GOOD: usize = 40;
const BAD: usize = 4;

/// The relevant calls of a trace.
enum Seen {
    /// The beginning of a write to SQLite's WAL.
    Written,
    /// The end of a successful sync of the WAL, and the line where it began.
    Synced { began: usize },
    /// The beginning of an answer or of an event's frame.
    Sent,
}

/// A call that blocks has one line for its beginning and one for its end. `syncing` holds the threads whose sync has
/// begun, with the line.
fn seen(number: usize, line: &str, syncing: &mut HashMap<String, usize>) -> Option<Seen> {
    let (thread, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let is_unfinished = call.ends_with("<unfinished ...>");
    if call.starts_with("pwrite64(") && call.contains("parlour.db-wal>") {
        return Some(Seen::Written);
    }
    if (call.starts_with("fdatasync(") || call.starts_with("fsync(")) && call.contains("parlour.db-wal>") {
        if is_unfinished {
            syncing.insert(thread.to_owned(), number);
            return None;
        }
        return call.ends_with("= 0").then_some(Seen::Synced { began: number });
    }
    if call.starts_with("<... fdatasync resumed>") || call.starts_with("<... fsync resumed>") {
        let began = syncing.remove(thread)?;
        return call.ends_with("= 0").then_some(Seen::Synced { began });
    }
    (call.contains("<TCP:[") && (call.contains("\"HTTP/1.1 200") || call.contains("\\\"next\\\"")))
        .then_some(Seen::Sent)
}

/// The text of a message; no text contains another.
fn text(number: usize) -> String {
    format!("message {number:03}")
}

#[tokio::test]
#[ignore = "needs strace, and the right to use it: scripts/sync-faults"]
async fn nothing_is_acknowledged_or_published_before_it_is_on_the_disk() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    line.subscribe("1", "subscription { events { __typename } }", &json!({})).await.expect("the socket takes it");
    let caught_up = soon(line.next()).await.expect("the socket lives");
    assert_eq!(caught_up["payload"]["data"]["events"]["__typename"], "CaughtUp");
    ada.send(&Message::new(bob.as_recipient(), "first")).await;
    // The conversation, and the message.
    for _ in 0..2 {
        soon(line.next()).await.expect("the socket lives");
    }

    // Whole pages, to find the text of a message in the write of its batch.
    let calls = "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg";
    let strace = Strace::attach(&server, &["-s", "5000", "-e", calls]).await;
    for number in 0..MESSAGES {
        ada.send(&Message::new(bob.as_recipient(), text(number))).await;
        let event = soon(line.next()).await.expect("the socket lives");
        assert_eq!(event["payload"]["data"]["events"]["__typename"], "MessageAdded", "{event}");
    }
    let trace = strace.detach().await;

    // One message after the other: each has its write, its sync, and then an answer and an event. Writes of other
    // batches, of the search index for instance, may come at any time.
    let (mut syncing, mut written, mut synced, mut sent) = (HashMap::new(), None, 0, 0);
    for (number, line) in trace.iter().enumerate() {
        match seen(number, line, &mut syncing) {
            Some(Seen::Written) if written.is_none() && line.contains(&text(synced)) => written = Some(number),
            Some(Seen::Synced { began }) if written.is_some_and(|written| written < began) => {
                written = None;
                synced += 1;
            }
            Some(Seen::Sent) => {
                assert!(sent < 2 * synced, "sent before its batch is on the disk: {line}");
                sent += 1;
            }
            Some(Seen::Written | Seen::Synced { .. }) | None => {}
        }
    }
    println!("{synced} batches, {sent} answers and events");
    assert_eq!((synced, sent), (MESSAGES, 2 * MESSAGES));
    server.stop().await;
}

/// The messages that were tried, and how they were answered.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<HashMap<String, Answered>>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    Well,
    /// With an error.
    Refused,
    /// Not at all.
    No,
}

impl Ledger {
    fn note(&self, message: &Message, answered: Answered) {
        self.0.lock().expect("no panic").insert(message.id.clone(), answered);
    }

    fn ids(&self, answered: Answered) -> HashSet<String> {
        let entries = self.0.lock().expect("no panic");
        entries.iter().filter(|(_, how)| **how == answered).map(|(id, _)| id.clone()).collect()
    }
}

/// Sends until it is stopped. Rejected messages are alternately retried and abandoned.
async fn write(sender: Person, to: Value, ledger: Ledger, stop: CancellationToken) {
    let mut comes_again = false;
    for number in 0.. {
        let message = Message::new(to.clone(), format!("message {number}"));
        loop {
            if stop.is_cancelled() {
                return;
            }
            let answer = sender.try_execute(SEND, &message.variables()).await;
            let how = match &answer {
                None => Answered::No,
                Some(answer) if answer.get("errors").is_none() => Answered::Well,
                Some(answer) => {
                    assert_eq!(code(answer), "INTERNAL_SERVER_ERROR", "{answer}");
                    Answered::Refused
                }
            };
            ledger.note(&message, how);
            if how == Answered::Well {
                break;
            }
            tokio::time::sleep(up_to(Duration::from_millis(50))).await;
            comes_again = !comes_again;
            if !comes_again {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace, and the right to use it: scripts/sync-faults"]
async fn a_failed_sync_is_an_error_that_is_not_published_and_nothing_acknowledged_is_lost() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let bob = server.user("Bob").await;
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        senders.push(server.user(&format!("Sender {number}")).await);
    }
    let start = bob.feed_cursor().await;
    let before = position_of(&start);
    let listener = Listener::start(server.address, &bob, Feed::Events, &start);
    let ledger = Ledger::default();
    // Refused, and its fate is unknown: the server was killed before anything else was written to that conversation.
    let mut unclear = HashSet::new();

    for round in 0..ROUNDS {
        let (good, bad) = (1 + any_of(GOOD), any_of(BAD));
        let inject = format!("inject=fdatasync,fsync:error=EIO:when={good}..{}", good + bad);
        let strace = Strace::attach(&server, &["-e", "trace=fdatasync,fsync", "-e", &inject]).await;
        let (refused, stop) = (ledger.ids(Answered::Refused), CancellationToken::new());
        let write =
            |sender: &Person| tokio::spawn(write(sender.clone(), bob.as_recipient(), ledger.clone(), stop.clone()));
        let writing: Vec<_> = senders.iter().map(write).collect();
        soon(async {
            while ledger.ids(Answered::Refused).is_subset(&refused) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        // strace counts the calls of each thread. A reopened database has a new thread, so its calls fail too.
        let trace = if round % 2 == 0 {
            tokio::time::sleep(up_to(Duration::from_millis(200))).await;
            let trace = strace.detach().await;
            // It recovers by itself.
            server.gets_ready().await;
            tokio::time::sleep(up_to(Duration::from_millis(200))).await;
            trace
        } else {
            server.kill().await;
            strace.ended().await
        };
        stop.cancel();
        for sender in writing {
            soon(sender).await.expect("a sender ends without a panic");
        }
        let failed = trace.iter().filter(|line| line.contains("EIO")).count();
        assert!(failed > 0, "nothing failed: {trace:#?}");
        if round % 2 == 1 {
            unclear.extend(ledger.ids(Answered::Refused).difference(&refused).cloned());
            server.start_again().await;
        }
        println!("round {round}: the disk failed {failed} times after {good}");
    }

    let log = Log::read(&server).await;
    log.has_no_gap();
    let kept: HashSet<String> = log.messages.keys().cloned().collect();
    let (acknowledged, refused) = (ledger.ids(Answered::Well), ledger.ids(Answered::Refused));
    println!("{} acknowledged, {} refused, {} in the database", acknowledged.len(), refused.len(), kept.len());
    assert!(acknowledged.is_subset(&kept), "{:?} were acknowledged and are lost", acknowledged.difference(&kept));
    let done: Vec<_> = refused.intersection(&kept).filter(|id| !unclear.contains(*id)).collect();
    assert!(done.is_empty(), "{done:?} were refused and are there");
    let tried: HashSet<String> = ledger.0.lock().expect("no panic").keys().cloned().collect();
    assert!(kept.is_subset(&tried), "nobody sent {:?}", kept.difference(&tried));
    listener.received_up_to(log.last_of(&bob.id)).await.is_complete(&log, before);
    server.stop().await;
    is_sound(&server).await;
}
