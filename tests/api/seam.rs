//! From replay to live events: nothing is repeated, missing or out of order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parlour::feed::EventKind;
use serde_json::{Value, json};

use crate::support::{EVENTS, Person, TestApp, position};

/// A subscriber that is cut off repeatedly. All events of these tests are for this person, so the received positions
/// must have no gap.
struct Listener {
    person: Person,
    after: String,
    seqs: Vec<i64>,
}

impl Listener {
    async fn new(person: &Person) -> Self {
        Self { person: person.clone(), after: person.feed_cursor().await, seqs: Vec::new() }
    }

    /// Resumes, receives this many more events, and is cut off.
    async fn hear(&mut self, events: usize) {
        let mut socket = self.person.subscribe(EVENTS, json!({ "after": self.after })).await;
        let mut received = 0;
        while received < events {
            let event = socket.next_event().await;
            let (last, here) = (position(&json!(self.after)), position(&event["cursor"]));
            if event["__typename"] == "CaughtUp" {
                assert_eq!(here, last, "{event}");
            } else {
                assert_eq!(here, last + 1, "{event}");
                received += 1;
            }
            if event["__typename"] == "MessageAdded" {
                self.seqs.push(event["message"]["seq"].as_i64().expect("a seq"));
            }
            self.after = event["cursor"].as_str().expect("a cursor").to_owned();
        }
        socket.cut().await;
    }

    /// Receives everything up to a cursor.
    async fn hear_up_to(&mut self, cursor: &str) {
        let missed = position(&json!(cursor)) - position(&json!(self.after));
        self.hear(usize::try_from(missed).expect("a cursor that is not behind")).await;
    }
}

/// People who send to a group all the time.
struct Senders {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Senders {
    fn start(people: &[Person], group: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = people.iter().cloned().map(|person| {
            let (stop, group) = (Arc::clone(&stop), group.to_owned());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    person.send_to(&group, "and another").await;
                }
            })
        });
        Self { tasks: tasks.collect(), stop }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("all is sent");
        }
    }
}

/// A number below `below`.
fn random(below: u32) -> usize {
    usize::try_from(getrandom::u32().expect("random numbers") % below).expect("a small number")
}

async fn poets(app: &TestApp) -> (Vec<Person>, Person, String) {
    let senders = vec![app.user("Ada").await, app.user("Eve").await, app.user("Kim").await, app.user("Lou").await];
    let bob = app.user("Bob").await;
    let group = bob.group("Poets", &senders.iter().collect::<Vec<_>>()).await;
    (senders, bob, group)
}

fn is_without_holes(seqs: &[i64]) -> bool {
    // The first one says that the group was created.
    seqs.iter().zip(2..).all(|(seq, expected)| *seq == expected)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_cut_off_two_hundred_times_receives_everything_once_in_order() {
    let app = TestApp::start().await;
    let (people, bob, group) = poets(&app).await;
    let mut listener = Listener::new(&bob).await;
    let senders = Senders::start(&people, &group);

    for _ in 0..200 {
        listener.hear(random(6)).await;
    }
    senders.stop().await;
    listener.hear_up_to(&bob.feed_cursor().await).await;

    assert!(is_without_holes(&listener.seqs), "{:?}", listener.seqs);
    assert!(listener.seqs.len() > 200, "{:?}", listener.seqs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_from_the_database_can_be_interrupted_anywhere() {
    let mut app = TestApp::start().await;
    let (people, bob, group) = poets(&app).await;
    let mut listener = Listener::new(&bob).await;
    people[0].send_to(&group, "the first").await;
    app.write_history(EventKind::MessageChanged, 2_500).await;
    app.restart().await;
    let senders = Senders::start(&people, &group);

    for _ in 0..25 {
        listener.hear(random(250)).await;
    }
    senders.stop().await;
    listener.hear_up_to(&bob.feed_cursor().await).await;

    assert!(is_without_holes(&listener.seqs), "{:?}", listener.seqs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_after_the_cursor_of_a_snapshot_have_no_gap() {
    let app = TestApp::start().await;
    let (people, bob, group) = poets(&app).await;
    people[0].send_to(&group, "the first").await;
    let senders = Senders::start(&people, &group);

    let snapshot = "query($in: ConversationRef!) { feedCursor messages(conversation: $in, last: 1) { nodes { seq } } }";
    for _ in 0..40 {
        let seen = bob.ask(snapshot, json!({ "in": { "conversationId": group } })).await;
        let newest = seen["messages"]["nodes"][0]["seq"].as_i64().expect("a seq");
        let mut socket = bob.subscribe(EVENTS, json!({ "after": seen["feedCursor"] })).await;
        let next = socket.next_happening().await;
        assert!(next["message"]["seq"].as_i64().is_some_and(|seq| seq <= newest + 1), "{newest}, {next}");
    }
    senders.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_racing_with_the_first_message_misses_no_later_one() {
    let app = TestApp::start().await;
    let bob = app.user("Bob").await;
    let query = "subscription($with: ID!) { messageAdded(conversation: { userId: $with }) { text } }";

    for number in 0..20 {
        let ada = app.user(&format!("Ada {number}")).await;
        let mut socket = bob.socket().await;
        let (_, sent) = tokio::join!(socket.subscribe("1", query, json!({ "with": ada.id })), ada.send(&bob, "hello"));
        let mut received = Value::Null;
        // The subscription has started at some point, and receives everything from then on.
        while received != "until you hear" {
            ada.send(&bob, "until you hear").await;
            let next = tokio::time::timeout(crate::support::SILENCE, socket.next_data("1")).await;
            received = next.map_or(received, |data| data["messageAdded"]["text"].clone());
        }
        assert_eq!(sent["seq"], 1);
    }
}
