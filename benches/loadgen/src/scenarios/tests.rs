//! Every counter of the scenarios counts: against a server that does something wrong every n-th time and says how often.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::api::{Adapter, Api};
use crate::floor::{Fault, Floor};
use crate::scenarios::{Figures, Load, churn, fan_out, login, requests, restart};

/// A server with a fault, on a thread of its own.
struct Faulty {
    address: SocketAddr,
    committed: Arc<AtomicU64>,
    end_all: Arc<Notify>,
}

impl Faulty {
    /// Commits a fault every n-th time that it could.
    fn start(fault: Option<(Fault, u64)>) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let floor = Floor::faulty(fault);
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

/// What a fan-out to 20 subscribers counts, beside how often the fault was committed.
async fn fan_out(fault: Option<(Fault, u64)>) -> (Figures, u64) {
    let server = Faulty::start(fault);
    let options = fan_out::Options {
        subscribers: 20,
        warmup: 0.0,
        seconds: 0.4,
        rate: Some(50.0),
        window: 4,
        drain: 0.3,
        per_viewer: false,
    };
    let mut out = Figures::new();
    server.load().fan_out(options, &mut out).await.expect("figures");
    (out, server.committed.load(Relaxed))
}

#[tokio::test]
async fn a_fan_out_without_faults_counts_none() {
    let (figures, _) = fan_out(None).await;
    assert_eq!(faults_of(&figures), []);
    assert_eq!(figures["deliveries"].as_u64(), figures["messages"].as_u64().map(|messages| 20 * messages));
}

#[tokio::test]
async fn a_fan_out_counts_each_fault_as_often_as_it_was_committed() {
    for (fault, name) in [(Fault::Double, "duplicates"), (Fault::Complain, "complaints")] {
        let (figures, committed) = fan_out(Some((fault, 37))).await;
        let found = faults_of(&figures);
        assert!(committed > 3 && found.contains(&(name, committed)), "{fault:?}, {committed} times: {found:?}");
    }
}

#[tokio::test]
async fn a_dropped_delivery_is_lost() {
    let (figures, committed) = fan_out(Some((Fault::Drop, 37))).await;
    let found = faults_of(&figures);
    assert!(committed > 3 && found.contains(&("lost", committed)), "{committed} times: {found:?}");
}

#[tokio::test]
async fn swapped_deliveries_are_out_of_order() {
    let (figures, committed) = fan_out(Some((Fault::Swap, 43))).await;
    let count = |name: &str| figures[name].as_u64().expect("a count");
    // What is held when the last message is sent is never sent.
    assert!(committed > 3, "{committed}");
    assert_eq!(count("out_of_order") + count("lost"), committed, "{figures:?}");
}

#[tokio::test]
async fn a_skipped_number_is_a_break_for_everybody() {
    let (figures, committed) = fan_out(Some((Fault::Skip, 5))).await;
    assert!(committed > 1);
    assert_eq!(faults_of(&figures), [("seq_breaks", 20 * committed)]);
}

#[tokio::test]
async fn a_missing_field_is_found_by_every_subscriber() {
    let (figures, _) = fan_out(Some((Fault::Truncate, 1))).await;
    assert_eq!(faults_of(&figures), [("incomplete", 20)]);
}

#[tokio::test]
async fn an_ended_connection_is_counted_and_what_it_misses_is_lost() {
    let (figures, committed) = fan_out(Some((Fault::End, 100))).await;
    let found = faults_of(&figures);
    assert!(committed > 1 && found.contains(&("disconnects", committed)), "{committed} times: {found:?}");
    assert!(figures["lost"].as_u64() >= Some(committed), "{found:?}");
}

#[tokio::test]
async fn a_refused_send_is_counted_and_not_lost() {
    let (figures, committed) = fan_out(Some((Fault::Fail, 7))).await;
    assert!(committed > 1);
    assert_eq!(faults_of(&figures), [("failed_sends", committed)]);
}

#[tokio::test]
async fn pages_that_are_too_short_and_requests_that_fail_are_errors() {
    let options = requests::Options { clients: 2, seconds: 0.2, warmup: 0.0 };
    for fault in [Fault::Shorten, Fault::Fail] {
        let server = Faulty::start(Some((fault, 50)));
        let (mut history, mut sidebar) = (Figures::new(), Figures::new());
        server.load().sidebar(options.clone(), &mut sidebar).await.expect("figures");
        if fault == Fault::Shorten {
            server.load().history(options.clone(), &mut history).await.expect("figures");
        } else {
            server.load().send(options.clone(), &mut history).await.expect("figures");
        }
        let errors = [&history, &sidebar].map(|figures| figures["errors"].as_u64().expect("a count"));
        assert!(errors.iter().all(|errors| *errors > 0), "{fault:?}: {errors:?}");
        // What each client has asked for last may be answered after the end.
        let uncounted = server.committed.load(Relaxed).checked_sub(errors.iter().sum());
        assert!(uncounted.is_some_and(|count| count <= 2 * 2), "{fault:?}: {uncounted:?} of {errors:?}");
    }
}

#[tokio::test]
async fn failed_logins_and_queries_are_errors() {
    let server = Faulty::start(Some((Fault::Fail, 10)));
    let mut out = Figures::new();
    let options = login::Options { logins: 30, rate: 100.0, alone: 0.2 };
    server.load().login(options, &mut out).await.expect("figures");
    let committed = server.committed.load(Relaxed);
    assert!(committed > 3);
    assert_eq!(faults_of(&out), [("errors", committed)]);
}

async fn churn(rooms: usize, fault: Option<(Fault, u64)>) -> (Figures, u64) {
    let server = Faulty::start(fault);
    let (rate, seconds, cut_every) = (40.0, 0.6, 0.2);
    let options = churn::Options { clients: 10, rooms, rate, seconds, cut_every, seed: 1, drain: 0.3 };
    let mut out = Figures::new();
    server.load().churn(options, &mut out).await.expect("figures");
    assert!(out["cuts"].as_u64() > Some(10), "{out:?}");
    (out, server.committed.load(Relaxed))
}

#[tokio::test]
async fn clients_who_resume_lose_nothing() {
    assert_eq!(faults_of(&churn(2, None).await.0), []);
}

#[tokio::test]
async fn clients_who_resume_notice_what_is_lost_and_doubled() {
    // Exactly as many as the server committed cannot be said: who is cut right then gets the message again.
    for (fault, name) in [(Fault::Drop, "lost"), (Fault::Double, "duplicates"), (Fault::Swap, "out_of_order")] {
        let (figures, committed) = churn(1, Some((fault, 7))).await;
        let count = figures[name].as_u64().expect("a count");
        assert!(count > committed / 4 && count <= committed, "{fault:?}, {committed} times: {figures:?}");
    }
}

#[tokio::test]
async fn clients_who_resume_count_refusals_complaints_and_ended_connections() {
    // Who is cut right then, by itself or at the end, does not see it.
    for (fault, every, name) in
        [(Fault::Refuse, 5, "failed_connects"), (Fault::Complain, 37, "complaints"), (Fault::End, 37, "disconnects")]
    {
        let (figures, committed) = churn(2, Some((fault, every))).await;
        let count = figures[name].as_u64().expect("a count");
        assert!(
            committed > 3 && count > committed / 4 && count <= committed,
            "{fault:?}, {committed} times: {figures:?}"
        );
    }
}

/// What a restart counts that ends all connections, of ten clients.
async fn restart(patience: f64, fault: Option<(Fault, u64)>) -> Figures {
    let server = Faulty::start(fault);
    let options = restart::Options { clients: 10, rounds: 1, rate: 20.0, patience, pid_file: PathBuf::new() };
    let end_all = server.end_all.clone();
    let mut out = Figures::new();
    let end = move |_| {
        end_all.notify_one();
        Ok(())
    };
    server.load().restart_by(end, options, &mut out).await.expect("figures");
    out
}

#[tokio::test]
async fn a_restart_after_which_all_are_back_is_timed() {
    let figures = restart(20.0, None).await;
    assert_eq!(faults_of(&figures), [("disconnects", 20)]);
    for time in ["kill_s", "stop_s"] {
        let seconds = figures[time].as_f64().expect("a time");
        assert!((0.1..20.0).contains(&seconds), "{time} is {seconds}");
    }
}

#[tokio::test]
async fn who_is_not_back_after_a_restart_is_counted() {
    // The first ten subscriptions are those before it; of those after it, every eleventh hears nothing.
    let figures = restart(1.0, Some((Fault::Mute, 11))).await;
    assert!(figures["not_back"].as_u64() > Some(0), "{figures:?}");
}
