//! One sender, and many sockets that receive every message: once with a document whose frames are shared, once with one
//! that is executed per viewer, as in a server without shared execution.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::client::Person;
use super::server::Server;
use super::{print, print_ratio};

const SOCKETS: usize = 1_000;
const PEOPLE: usize = 50;
const SHARED: &str = "subscription { messageAdded { id seq text createdAt sender { id fullName } } }";
const PER_VIEWER: &str =
    "subscription { messageAdded { id seq text createdAt sender { id fullName } conversation { unreadCount } } }";

pub async fn measure(server: Server) {
    let people = Person::sign_up_all(server.address, PEOPLE + 1).await;
    let (sender, members) = people.split_first().expect("people");
    let group = sender.group(members).await;

    let mut costs = Vec::new();
    for (what, document) in [("shared", SHARED), ("per viewer", PER_VIEWER)] {
        let received = Received::default();
        let mut listening = tokio::task::JoinSet::new();
        for number in 0..SOCKETS {
            let mut socket = members[number % PEOPLE].subscribe(document).await;
            let received = received.clone();
            listening.spawn(async move {
                loop {
                    assert!(socket.next().await.contains(r#""type":"next""#), "something else came");
                    received.one();
                }
            });
        }
        // The protocol does not acknowledge subscriptions; a message that all sockets receive shows that they are active.
        while !received.all_within(Duration::from_secs(2), async { sender.send(&group).await }).await {}
        // Frames still in transit from before must not be counted.
        tokio::time::sleep(Duration::from_secs(1)).await;

        let (seconds, mut rounds, before) = (Duration::from_secs(5), 0, server.used());
        let begun = Instant::now();
        while begun.elapsed() < seconds {
            let all = received.all_within(Duration::from_secs(30), async { sender.send(&group).await }).await;
            assert!(all, "a message was lost");
            rounds += 1;
        }
        let (wall, cpu) = server.used().since(before);
        let deliveries = (rounds * SOCKETS) as f64;
        print(&format!("{what}: CPU a delivery"), cpu * 1e6 / deliveries, "µs");
        print(&format!("{what}: deliveries, one message at a time"), deliveries / wall, "/s");
        costs.push(cpu / deliveries);
        listening.shutdown().await;
    }
    print_ratio("CPU per viewer / CPU shared", costs[1] / costs[0]);
}

/// Counts what all sockets have received.
#[derive(Clone, Default)]
struct Received {
    messages: Arc<AtomicUsize>,
    all: Arc<Notify>,
}

impl Received {
    fn one(&self) {
        if self.messages.fetch_add(1, Ordering::Relaxed) + 1 == SOCKETS {
            self.all.notify_one();
        }
    }

    /// Whether every socket receives the message of `send` once, in time.
    async fn all_within(&self, wait: Duration, send: impl Future<Output = ()>) -> bool {
        self.messages.store(0, Ordering::Relaxed);
        let both = async { tokio::join!(send, self.all.notified()) };
        tokio::time::timeout(wait, both).await.is_ok()
    }
}
