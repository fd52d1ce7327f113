//! `kill -9` at any moment: acknowledged writes survive, and clients reconnect by themselves.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{Feed, Listener, Log, Message, Person, SEND, Server, any_of, is_sound, position_of, up_to};

const ROUNDS: usize = 20;
const SENDERS: usize = 8;
/// The length of a round: the minimum, and the most that is added at random.
const LIFE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(1_900));
/// Acknowledged messages that are sent again after each restart.
const SAMPLE: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_when_the_process_is_killed() {
    let mut server = Server::start_here(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let (mut senders, mut people) = (Vec::new(), Vec::new());
    for number in 0..SENDERS {
        senders.push(server.user(&format!("Sender {number}")).await);
    }
    for number in 0..3 {
        people.push(server.user(&format!("Listener {number}")).await);
    }
    let members: Vec<&Person> = senders.iter().skip(1).chain(&people[..2]).collect();
    let group = senders[0].group("Everybody but one", &members).await;
    let start = people[0].feed_cursor().await;
    let before = position_of(&start);
    let feeds = [Feed::Events, Feed::Messages, Feed::Events];
    let follow = |(person, feed)| Listener::start(server.address, person, feed, &start);
    let listeners: Vec<Listener> = people.iter().zip(feeds).map(follow).collect();

    let (ledger, stop) = (Ledger::default(), CancellationToken::new());
    let writing = senders.iter().enumerate().map(|(number, sender)| {
        let places = vec![people[number % 3].as_recipient(), group.clone()];
        tokio::spawn(write(sender.clone(), places, number % 2 == 0, ledger.clone(), stop.clone()))
    });
    let writing: Vec<_> = writing.collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..ROUNDS {
        tokio::time::sleep(LIFE.0 + up_to(LIFE.1)).await;
        server.kill().await;
        let down = Instant::now();
        server.start_again().await;
        slowest = slowest.max(down.elapsed());
        ledger.resend_some(&senders).await;
    }
    tokio::time::sleep(LIFE.0).await;
    stop.cancel();
    for sender in writing {
        sender.await.expect("a sender ends without a panic");
    }

    let log = Log::read(&server).await;
    log.has_no_gap();
    ledger.is_kept_by(&log);
    for (listener, person) in listeners.into_iter().zip(&people) {
        let record = listener.received_up_to(log.last_of(&person.id)).await;
        record.is_complete(&log, before);
        assert!(record.cuts() > 0, "{} was never cut off", record.name);
        println!("{} received {} events over {} lines", record.name, record.len(), record.cuts() + 1);
    }
    println!("the slowest start took {slowest:?}");
    server.stop().await;
    is_sound(&server).await;
}

/// Writes until it is stopped. If no answer comes, a patient writer sends the same message again until it is answered;
/// an impatient one leaves it, and its fate is unknown.
async fn write(sender: Person, places: Vec<Value>, is_patient: bool, ledger: Ledger, stop: CancellationToken) {
    for number in 0.. {
        if stop.is_cancelled() {
            return;
        }
        let message = Message::new(places[number % places.len()].clone(), format!("message {number}"));
        ledger.invoked(&sender, &message);
        loop {
            if let Some(answer) = sender.try_send(&message).await {
                ledger.acknowledged(&message, answer);
                break;
            }
            tokio::time::sleep(up_to(Duration::from_millis(100))).await;
            if !is_patient || stop.is_cancelled() {
                break;
            }
        }
    }
}

/// The messages that were tried and those that were answered, recorded outside of the server.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    sender: String,
    message: Message,
    answer: Option<Value>,
}

impl Ledger {
    fn invoked(&self, sender: &Person, message: &Message) {
        let entry = Entry { sender: sender.id.clone(), message: message.clone(), answer: None };
        self.0.lock().expect("no panic").insert(message.id.clone(), entry);
    }

    fn acknowledged(&self, message: &Message, answer: Value) {
        let mut entries = self.0.lock().expect("no panic");
        entries.get_mut(&message.id).expect("it was invoked").answer = Some(answer);
    }

    /// Resending an acknowledged message gets the same answer as the first time.
    async fn resend_some(&self, senders: &[Person]) {
        for (sender, message, answer) in self.some() {
            let sender = senders.iter().find(|person| person.id == sender).expect("one of the senders");
            let again = sender.ask(SEND, message.variables()).await;
            assert_eq!(again["sendMessage"], answer);
        }
    }

    fn some(&self) -> Vec<(String, Message, Value)> {
        let entries = self.0.lock().expect("no panic");
        let acknowledged = entries
            .values()
            .filter_map(|entry| Some((entry.sender.clone(), entry.message.clone(), entry.answer.clone()?)));
        let acknowledged: Vec<_> = acknowledged.collect();
        assert!(!acknowledged.is_empty(), "nothing was acknowledged so far");
        (0..SAMPLE).map(|_| acknowledged[any_of(acknowledged.len())].clone()).collect()
    }

    /// Every acknowledged message is in the log as it was answered, and the log has no message that was not tried.
    /// Unanswered ones may be there or not.
    fn is_kept_by(&self, log: &Log) {
        let entries = self.0.lock().expect("no panic");
        let acknowledged = entries.values().filter(|entry| entry.answer.is_some()).count();
        let is_lost = |entry: &&Entry| entry.answer.is_some() && !log.messages.contains_key(&entry.message.id);
        let lost: Vec<&str> = entries.values().filter(is_lost).map(|entry| entry.message.id.as_str()).collect();
        assert!(lost.is_empty(), "{} of {acknowledged} acknowledged messages are lost: {lost:?}", lost.len());
        let tried: HashSet<&String> = entries.keys().collect();
        let strange: Vec<_> = log.messages.keys().filter(|id| !tried.contains(id)).collect();
        assert!(strange.is_empty(), "nobody sent {strange:?}");
        for entry in entries.values() {
            let Some(answer) = &entry.answer else { continue };
            let (seq, conversation) = &log.messages[&entry.message.id];
            assert_eq!((&answer["seq"], &answer["conversationId"]), (&(*seq).into(), &conversation.as_str().into()));
        }
        let unknown = entries.len() - acknowledged;
        println!("{acknowledged} acknowledged, {unknown} unknown, {} in the database", log.messages.len());
    }
}
