//! Every counter of the scenarios counts, neither more nor less: against a server that does something wrong every n-th time
//! and says how often. How many messages there are, and where connections are cut, is counted too, so that a slow machine
//! changes nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::api::{Adapter, Api};
use crate::floor::{Fault, Floor, Wrong};
use crate::scenarios::{Figures, Load, churn, fan_out, login, requests, restart, secs};

/// Seconds after which a scenario hangs. None of them waits for this.
const TOO_LONG: f64 = 120.0;

/// A server with a fault, on a thread of its own.
struct Faulty {
    address: SocketAddr,
    committed: Arc<AtomicU64>,
    end_all: Arc<Notify>,
}

impl Faulty {
    fn start(wrong: Option<Wrong>) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let floor = Floor::faulty(wrong);
                let address = listener.local_addr().expect("it listens");
                let faulty = Self { address, committed: floor.committed.clone(), end_all: floor.end_all.clone() };
                tell.send(faulty).expect("the test waits");
                Rc::new(floor).accept(listener).await
            })
        });
        told.recv().expect("it starts")
    }

    fn load(&self) -> Load {
        let api = Api { kind: Adapter::Graphql, address: self.address, path: "/graphql".into() };
        Load { api, server: None, accounts: 4, text_bytes: 80 }
    }
}

/// A fault every n-th time that it could be committed.
fn every(every: u64, fault: Fault) -> Option<Wrong> {
    Some(Wrong { fault, every, place: None })
}

/// The end of a scenario.
async fn ended(scenario: impl Future<Output = anyhow::Result<()>>) {
    timeout(secs(TOO_LONG), scenario).await.expect("it ends").expect("figures");
}

/// The counters that are not 0.
fn faults_of(figures: &Figures) -> Vec<(&str, u64)> {
    let names = [
        "lost",
        "duplicates",
        "out_of_order",
        "seq_breaks",
        "incomplete",
        "complaints",
        "disconnects",
        "failed_sends",
        "failed_connects",
        "errors",
        "not_back",
    ];
    let count = |name| figures.get(name).and_then(Value::as_u64).unwrap_or_default();
    names.into_iter().map(|name| (name, count(name))).filter(|(_, count)| *count > 0).collect()
}

/// What a fan-out of 20 messages to 20 subscribers counts, beside how often the fault was committed.
async fn fan_out(wrong: Option<Wrong>) -> (Figures, u64) {
    let server = Faulty::start(wrong);
    let options = fan_out::Options {
        subscribers: 20,
        warmup: 0.0,
        seconds: 0.0,
        messages: Some(20),
        rate: Some(200.0),
        window: 4,
        drain: 0.1,
        per_viewer: false,
    };
    let mut out = Figures::new();
    ended(server.load().fan_out(options, &mut out)).await;
    (out, server.committed.load(Relaxed))
}

#[tokio::test]
async fn a_fan_out_without_faults_counts_none() {
    let (figures, _) = fan_out(None).await;
    assert_eq!(faults_of(&figures), []);
    assert_eq!((figures["messages"].as_u64(), figures["deliveries"].as_u64()), (Some(20), Some(400)));
}

#[tokio::test]
async fn a_fan_out_counts_each_fault_as_often_as_it_was_committed() {
    // After what is left out comes something else, at the latest the last probe, whose number does not follow.
    for (wrong, times, found) in [
        (every(37, Fault::Double), 10, vec![("duplicates", 10)]),
        (every(37, Fault::Drop), 10, vec![("lost", 10), ("seq_breaks", 10)]),
        (every(37, Fault::Complain), 10, vec![("lost", 10), ("seq_breaks", 10), ("complaints", 10)]),
    ] {
        let (figures, committed) = fan_out(wrong).await;
        assert_eq!((committed, faults_of(&figures)), (times, found), "{wrong:?}");
    }
}

#[tokio::test]
async fn swapped_deliveries_are_out_of_order() {
    let (figures, committed) = fan_out(every(45, Fault::Swap)).await;
    // A step forth, one back, and one forth again.
    assert_eq!((committed, faults_of(&figures)), (8, vec![("out_of_order", 8), ("seq_breaks", 24)]));
}

#[tokio::test]
async fn a_skipped_number_is_a_break_for_everybody() {
    let (figures, committed) = fan_out(every(5, Fault::Skip)).await;
    assert_eq!((committed, faults_of(&figures)), (4, vec![("seq_breaks", 20 * 4)]));
}

#[tokio::test]
async fn a_missing_field_is_found_by_every_subscriber() {
    let (figures, _) = fan_out(every(1, Fault::Truncate)).await;
    assert_eq!(faults_of(&figures), [("incomplete", 20)]);
}

#[tokio::test]
async fn an_ended_connection_is_counted_and_what_it_misses_is_lost() {
    let (figures, committed) = fan_out(every(100, Fault::End)).await;
    // The hundredth delivery is one of the fifth message; the next are of the eleventh and the sixteenth, as fewer are left.
    assert_eq!((committed, faults_of(&figures)), (3, vec![("lost", 16 + 10 + 5), ("disconnects", 3)]));
}

#[tokio::test]
async fn a_refused_send_is_counted_and_not_lost() {
    let (figures, committed) = fan_out(every(7, Fault::Fail)).await;
    assert_eq!((committed, faults_of(&figures)), (2, vec![("failed_sends", 2)]));
}

#[tokio::test]
async fn pages_that_are_too_short_and_requests_that_fail_are_errors() {
    let options = requests::Options { clients: 2, seconds: 0.0, requests: Some(100), warmup: 0.0 };
    for fault in [Fault::Shorten, Fault::Fail] {
        let server = Faulty::start(every(50, fault));
        let (mut one, mut other) = (Figures::new(), Figures::new());
        ended(server.load().sidebar(options.clone(), &mut one)).await;
        if fault == Fault::Shorten {
            ended(server.load().history(options.clone(), &mut other)).await;
        } else {
            ended(server.load().send(options.clone(), &mut other)).await;
        }
        for figures in [one, other] {
            assert_eq!(faults_of(&figures), [("errors", 4)], "{fault:?}");
            assert_eq!(figures["requests"].as_u64(), Some(196), "{fault:?}");
        }
        assert_eq!(server.committed.load(Relaxed), 8, "{fault:?}");
    }
}

#[tokio::test]
async fn failed_logins_and_queries_are_errors() {
    let server = Faulty::start(every(10, Fault::Fail));
    let mut out = Figures::new();
    let options = login::Options { logins: 30, rate: 100.0, alone: 0.2 };
    ended(server.load().login(options, &mut out)).await;
    let committed = server.committed.load(Relaxed);
    // Of the logins alone there are three tenths of ten; of the queries there are as many as there is time for.
    assert!(committed >= 3);
    assert_eq!(faults_of(&out), [("errors", committed)]);
}

/// What ten clients count who are cut with every sixth message that comes over a connection, of 28 messages in all.
async fn churn(rooms: usize, wrong: Option<Wrong>) -> (Figures, u64) {
    let server = Faulty::start(wrong);
    let options = churn::Options {
        clients: 10,
        rooms,
        rate: 100.0,
        seconds: 0.0,
        messages: Some(28 / rooms as u32),
        cut_every: 0.0,
        cut_after: Some(6),
        seed: 1,
        drain: 0.1,
    };
    let mut out = Figures::new();
    ended(server.load().churn(options, &mut out)).await;
    (out, server.committed.load(Relaxed))
}

/// A fault with the third message of every second connection: before it is cut, so that every client notices it.
fn before_a_cut(fault: Fault) -> Option<Wrong> {
    Some(Wrong { fault, every: 2, place: Some(3) })
}

#[tokio::test]
async fn clients_who_resume_lose_nothing() {
    for rooms in [1, 2] {
        let (figures, _) = churn(rooms, None).await;
        assert_eq!(faults_of(&figures), []);
        assert_eq!((figures["cuts"].as_u64(), figures["received"].as_u64()), (Some(40), Some(280)));
    }
}

#[tokio::test]
async fn clients_who_are_cut_at_random_lose_nothing() {
    let server = Faulty::start(None);
    let options = churn::Options {
        clients: 10,
        rooms: 2,
        rate: 40.0,
        seconds: 0.6,
        messages: None,
        cut_every: 0.2,
        cut_after: None,
        seed: 1,
        drain: 0.1,
    };
    let mut out = Figures::new();
    ended(server.load().churn(options, &mut out)).await;
    assert_eq!(faults_of(&out), []);
    assert!(out["cuts"].as_u64() > Some(0), "{out:?}");
    assert_eq!(out["received"].as_u64(), out["messages"].as_u64().map(|messages| 10 * messages));
}

#[tokio::test]
async fn clients_who_resume_notice_what_is_lost_doubled_and_swapped() {
    for (fault, name) in [(Fault::Drop, "lost"), (Fault::Double, "duplicates"), (Fault::Swap, "out_of_order")] {
        let (figures, committed) = churn(1, before_a_cut(fault)).await;
        let found: Vec<_> = faults_of(&figures).into_iter().filter(|(name, _)| *name != "seq_breaks").collect();
        assert!(committed >= 20, "{fault:?}, {committed} times");
        assert_eq!(found, [(name, committed)], "{fault:?}: {figures:?}");
    }
}

#[tokio::test]
async fn clients_who_resume_count_refusals_complaints_and_ended_connections() {
    for (wrong, name) in [
        (every(5, Fault::Refuse), "failed_connects"),
        (before_a_cut(Fault::Complain), "complaints"),
        (before_a_cut(Fault::End), "disconnects"),
    ] {
        let (figures, committed) = churn(2, wrong).await;
        let found = faults_of(&figures);
        assert!(committed >= 10, "{wrong:?}, {committed} times");
        assert!(found.contains(&(name, committed)), "{wrong:?}, {committed} times: {figures:?}");
        // In place of a message there was a complaint.
        let lost = if name == "complaints" { committed } else { 0 };
        assert_eq!(figures["lost"].as_u64(), Some(lost), "{wrong:?}: {figures:?}");
    }
}

/// What a restart counts that ends all connections, of ten clients.
async fn restart(wrong: Option<Wrong>, drain: f64) -> (Figures, u64) {
    let server = Faulty::start(wrong);
    let patience = TOO_LONG;
    let options = restart::Options { clients: 10, rounds: 1, rate: 20.0, patience, drain, pid_file: PathBuf::new() };
    let end_all = server.end_all.clone();
    let mut out = Figures::new();
    let end = move |_| {
        end_all.notify_one();
        Ok(())
    };
    // Whoever hears nothing will not be back.
    let is_all = |back| back + server.committed.load(Relaxed) >= 10;
    ended(server.load().restart_by(end, is_all, options, &mut out)).await;
    (out, server.committed.load(Relaxed))
}

#[tokio::test]
async fn a_restart_after_which_all_are_back_is_timed() {
    let (figures, _) = restart(None, 20.0).await;
    assert_eq!(faults_of(&figures), [("disconnects", 20)]);
    for time in ["kill_s", "stop_s"] {
        // The least that a client waits.
        assert!(figures[time].as_f64() >= Some(0.1), "{figures:?}");
    }
}

#[tokio::test]
async fn who_is_not_back_after_a_restart_is_counted() {
    // The first ten subscriptions are those before it; of those after it, every eleventh hears nothing: one of the ten that
    // come back first, and another one of the nine that were ended next.
    let (figures, committed) = restart(every(11, Fault::Mute), 0.1).await;
    assert_eq!(committed, 2);
    assert_eq!((figures["not_back"].as_u64(), figures["disconnects"].as_u64()), (Some(1 + 2), Some(10 + 9)));
}
