//! Connections reset at random during writes: no event is lost, repeated or out of order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parlour::feed::Position;
use serde_json::Value;

use crate::support::{Feed, Listener, Log, Message, Person, Server, any_of, position_of, up_to};

const SENDERS: usize = 8;
const MESSAGES: usize = 20_000;
/// Selects as little as possible: this tests delivery.
const SEND_ONLY: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
/// Unanswered messages of one sender at a time.
const AT_ONCE: usize = 4;
/// The longest time between two cuts. Each cuts one of the four connections.
const CUT_WITHIN: Duration = Duration::from_millis(150);
/// A listener this far behind is not cut for a while: cutting a connection before anything arrived on it proves nothing.
const BEHIND: Position = 2_000;
/// Nobody writes while a listener is this far behind: on a busy machine it could reach 10,000 events, for which the
/// server rightly answers TOO_FAR.
const FAR_BEHIND: Position = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_cut_off_repeatedly_receives_each_event_once_in_order() {
    // The rates of an address are not the subject here.
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let town = Town::settle(&server).await;
    let race = Arc::new(Race::begin(&server, &town).await);

    let cutter = tokio::spawn(Arc::clone(&race).cut_at_random());
    let senders: Vec<_> = town.senders.into_iter().flat_map(|sender| sender.begin(&race)).collect();
    for sender in senders {
        sender.await.expect("every message is acknowledged");
    }
    cutter.abort();
    let _ = cutter.await;

    let log = Log::read(&server).await;
    log.has_no_gap();
    assert_eq!(log.messages.len(), MESSAGES);
    let race = Arc::into_inner(race).expect("everybody has ended");
    let mut cuts = 0;
    for (listener, person) in race.listeners.into_iter().zip(&town.listeners) {
        let record = listener.received_up_to(log.last_of(&person.id)).await;
        record.is_complete(&log, race.before);
        println!("{} received {} events over {} lines", record.name, record.len(), record.cuts() + 1);
        cuts += record.cuts();
    }
    assert!(cuts > 20, "only {cuts} lines were cut");
    server.stop().await;
}

/// The listeners, and the progress of the writers.
struct Race {
    listeners: Vec<Listener>,
    /// The position before anything was written.
    before: Position,
    written: AtomicI64,
}

impl Race {
    async fn begin(server: &Server, town: &Town) -> Self {
        let start = town.listeners[0].feed_cursor().await;
        let before = position_of(&start);
        let feeds = [Feed::Events, Feed::Events, Feed::Events, Feed::Messages];
        let follow = |(person, feed)| Listener::start(server.address, person, feed, &start);
        let listeners = town.listeners.iter().zip(feeds).map(follow).collect();
        Self { listeners, before, written: AtomicI64::new(0) }
    }

    /// About how many events a listener is behind.
    fn behind(&self, listener: &Listener) -> Position {
        self.before + self.written.load(Ordering::Relaxed) - listener.position().max(self.before)
    }

    async fn cut_at_random(self: Arc<Self>) {
        loop {
            tokio::time::sleep(up_to(CUT_WITHIN)).await;
            let listener = &self.listeners[any_of(self.listeners.len())];
            if self.behind(listener) < BEHIND {
                listener.cut().await;
            }
        }
    }

    async fn has_written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
        while self.listeners.iter().any(|listener| self.behind(listener) > FAR_BEHIND) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Eight writers and four listeners, in direct conversations and overlapping groups.
struct Town {
    senders: Vec<Sender>,
    listeners: Vec<Person>,
}

struct Sender {
    person: Person,
    places: Vec<Value>,
}

impl Town {
    async fn settle(server: &Server) -> Self {
        let (mut writers, mut listeners) = (Vec::new(), Vec::new());
        for number in 0..SENDERS {
            writers.push(server.user(&format!("Writer {number}")).await);
        }
        for number in 0..4 {
            listeners.push(server.user(&format!("Listener {number}")).await);
        }
        let [a, b, c, d] = listeners.as_slice() else { unreachable!("there are four") };
        let everybody: Vec<&Person> = writers.iter().skip(1).chain([a, d]).collect();
        let all = writers[0].group("All", &everybody).await;
        let west: Vec<&Person> = writers.iter().skip(1).take(3).chain([a, b, c]).collect();
        let west = writers[0].group("West", &west).await;
        let east: Vec<&Person> = writers.iter().skip(5).chain([b, c, d]).collect();
        let east = writers[4].group("East", &east).await;
        let half = |number: usize| if number < SENDERS / 2 { &west } else { &east };
        let places = |number: usize| vec![listeners[number % 4].as_recipient(), all.clone(), half(number).clone()];
        let senders = writers.iter().enumerate();
        let senders =
            senders.map(|(number, person)| Sender { person: person.clone(), places: places(number) }).collect();
        Self { senders, listeners }
    }
}

impl Sender {
    /// Sends their part of the messages, a few at once.
    fn begin(self, race: &Arc<Race>) -> Vec<tokio::task::JoinHandle<()>> {
        let each = MESSAGES / SENDERS / AT_ONCE;
        let part = |part: usize| {
            let (person, places, race) = (self.person.clone(), self.places.clone(), Arc::clone(race));
            tokio::spawn(async move {
                for number in 0..each {
                    let to = places[(part + number) % places.len()].clone();
                    let message = Message::new(to, format!("{part}/{number}"));
                    person.ask(SEND_ONLY, message.variables()).await;
                    race.has_written().await;
                }
            })
        };
        (0..AT_ONCE).map(part).collect()
    }
}
