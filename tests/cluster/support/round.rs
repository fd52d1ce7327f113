//! A round: people who send at a steady rate and subscribers who follow, while something happens to the nodes; then the
//! check that nothing was lost, repeated, reordered or invented.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Cluster, Feed, Ledger, Listener, Log, Message, Person, Wire, position_of, via};

const SENDERS: usize = 5;
/// Unanswered messages of a sender at a time.
const AT_ONCE: usize = 2;
/// The pause between two messages: together, 200 a second are sent where the machine is fast enough. The round prints the
/// rate that it reached, with all waits for answers: less in a debug build or while senders are cut off. `scripts/soak`
/// runs the same rounds in a release build.
const PACE: Duration = Duration::from_millis(50);

/// A round that is under way.
pub struct Round {
    pub ledger: Ledger,
    began: Instant,
    stop: CancellationToken,
    sending: Vec<JoinHandle<()>>,
    people: Vec<Person>,
    listeners: Vec<Listener>,
    /// Where everybody began to follow.
    start: String,
}

impl Round {
    /// Signs people up, and begins.
    pub async fn begin(cluster: &Cluster) -> Self {
        Self::begin_through(cluster, &[&cluster.door]).await
    }

    /// Likewise, with senders and subscribers who come through these doors in turn.
    pub async fn begin_through(cluster: &Cluster, doors: &[&Wire]) -> Self {
        let (mut senders, mut people) = (Vec::new(), Vec::new());
        for number in 0..SENDERS {
            senders.push(cluster.user(&format!("Sender {number}")).await);
        }
        for number in 0..3 {
            people.push(cluster.user(&format!("Listener {number}")).await);
        }
        let members: Vec<&Person> = senders.iter().skip(1).chain(&people[..2]).collect();
        let group = senders[0].group("Everybody but one", &members).await;
        let start = people[0].feed_cursor().await;
        let feeds = [Feed::Events, Feed::Messages, Feed::Events];
        let door = |number: usize| doors[number % doors.len()].address;
        let follow = |(number, (person, feed))| Listener::start(door(number), person, feed, &start);
        let listeners = people.iter().zip(feeds).enumerate().map(follow).collect();
        let (ledger, stop) = (Ledger::default(), CancellationToken::new());
        let sending = (0..SENDERS * AT_ONCE).map(|number| {
            let places = vec![people[number % people.len()].as_recipient(), group.clone()];
            let sender = via(&senders[number % SENDERS], door(number));
            tokio::spawn(send_steadily(sender, places, ledger.clone(), stop.clone()))
        });
        let sending = sending.collect();
        let round = Self { ledger, began: Instant::now(), stop, sending, people, listeners, start };
        round.goes_on().await;
        round
    }

    /// Waits until more messages were answered, at whichever node.
    pub async fn goes_on(&self) {
        let before = self.ledger.count();
        super::soon(async {
            while self.ledger.count() < before + 50 {
                self.has_no_panic();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Lets it go on for some time.
    pub async fn goes_on_for(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.has_no_panic();
    }

    fn has_no_panic(&self) {
        assert!(!self.sending.iter().any(JoinHandle::is_finished), "a sender has ended before its time");
    }

    /// Cuts the subscribers' connections.
    pub async fn cut_listeners(&self) {
        for listener in &self.listeners {
            listener.cut().await;
        }
    }

    /// Ends the round: lost 0, repeated 0, out of order 0, unexpected 0, and no hole. Then each node replays the same.
    pub async fn ends_whole(self, cluster: &Cluster) {
        self.stop.cancel();
        for sender in self.sending {
            sender.await.expect("a sender ends without a panic");
        }
        let took = self.began.elapsed();
        let log = Log::read(&cluster.nodes[0].server).await;
        log.has_no_gap();
        self.ledger.is_kept_by(&log);
        let before = position_of(&self.start);
        let mut received = 0;
        let mut lines = 0;
        for (listener, person) in self.listeners.into_iter().zip(&self.people) {
            let record = listener.received_up_to(log.last_of(&person.id)).await;
            record.is_complete(&log, before);
            received += record.len();
            lines += record.cuts() + 1;
        }
        for node in &cluster.nodes {
            let person = &self.people[0];
            let listener = Listener::start(node.server.address, person, Feed::Events, &self.start);
            let record = listener.received_up_to(log.last_of(&person.id)).await;
            record.is_complete(&log, before);
        }
        let (sent, slowest) = (self.ledger.count(), self.ledger.slowest());
        let rate = sent as f64 / took.as_secs_f64();
        println!(
            "{sent} sent and answered in {took:.1?} ({rate:.0}/s, the slowest in {slowest:.1?}); \
             {received} events received over {lines} lines; lost, repeated, out of order, unexpected: 0"
        );
    }
}

/// Sends until it is stopped, each message until it is answered.
async fn send_steadily(sender: Person, places: Vec<Value>, ledger: Ledger, stop: CancellationToken) {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0.. {
        pace.tick().await;
        if stop.is_cancelled() {
            return;
        }
        let message = Message::new(places[number % places.len()].clone(), format!("message {number}"));
        ledger.called(&message);
        let answer = sender.send_until_answered(&message).await;
        ledger.answered(&message, answer);
    }
}
