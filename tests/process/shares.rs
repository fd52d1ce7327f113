//! One person at all their limits: everybody else is served as before, and the person loses nothing either.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_graphql::Variables;
use futures_util::future::join_all;
use parlour::graphql::guard::cost;
use parlour::limits;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{Line, Message, PATIENCE, Person, Server, soon};

/// The bound on other people's queries: ten times what they should take.
const QUERY: Duration = Duration::from_secs(1);

/// A subscription whose aliases make it unique. For each event it executes a history of twenty messages this many times.
fn heavy(name: usize, times: usize) -> String {
    let mut histories = String::new();
    for n in 0..times {
        write!(histories, "a{name}x{n}: messages(last: 20) {{ nodes {{ id text sender {{ fullName }} }} }} ")
            .expect("a string takes it");
    }
    format!("subscription {{ messageAdded {{ seq conversation {{ {histories} }} }} }}")
}

/// The cost of a document as the server computes it.
fn objects(document: &str) -> usize {
    let document = async_graphql::parser::parse_query(document).expect("a document");
    cost::check(&document, None, &Variables::default()).expect("within the limits").objects
}

async fn open(server: &Server, person: &Person) -> Line {
    soon(Line::open(server.address, &person.token, json!({}))).await.expect("a socket")
}

async fn subscribe(line: &mut Line, id: &str, document: &str) {
    line.subscribe(id, document, &json!({})).await.expect("the socket takes it");
}

/// Waits until all subscriptions of a socket have started: silently, but in order.
async fn all_have_begun(line: &mut Line) {
    subscribe(line, "last", "subscription { events { __typename } }").await;
    let said = soon(line.next()).await.expect("the socket lives");
    assert_eq!((&said["id"], &said["type"]), (&json!("last"), &json!("next")), "{said}");
    line.say(json!({ "id": "last", "type": "complete" })).await.expect("the socket takes it");
    // It is answered once the messages before it were read.
    line.say(json!({ "type": "ping" })).await.expect("the socket takes it");
    assert_eq!(soon(line.next()).await, Ok(json!({ "type": "pong" })));
}

/// Executes `{ me { id } }` this many times; the longest duration.
async fn longest_query(person: &Person, times: usize) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..times {
        let began = Instant::now();
        assert_eq!(soon(person.ask("{ me { id } }", json!({}))).await["me"]["id"], person.id);
        longest = longest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    longest
}

/// Reads the events of a socket until each operation has received this many; the seqs, by operation.
async fn seqs(line: &mut Line, operations: usize, each: usize) -> Vec<Vec<u64>> {
    let mut seqs = vec![Vec::new(); operations];
    for _ in 0..operations * each {
        // Longer than other waits, because these events wait for the budget.
        let said = tokio::time::timeout(PATIENCE * 4, line.next()).await.expect("it comes in time");
        let said = said.expect("the socket lives");
        let operation: usize = said["id"].as_str().expect("an id").parse().expect("a number");
        seqs[operation].push(said["payload"]["data"]["messageAdded"]["seq"].as_u64().expect("a seq"));
    }
    seqs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_expensive_subscriptions_delays_only_themself() {
    const SOCKETS: usize = limits::SOCKETS_PER_USER - 1;
    const SENDS: usize = 3;
    let mut server = Server::start().await;
    let (ada, bob, carl) = (server.user("Ada").await, server.user("Bob").await, server.user("Carl").await);
    let send = async |n: usize| soon(ada.send(&Message::new(carl.as_recipient(), n.to_string()))).await;
    for n in 0..16 {
        send(n).await;
    }
    let each = limits::LIVE_OBJECTS / limits::SOCKETS_PER_USER / objects(&heavy(0, 10));
    let mut lines = Vec::new();
    for socket in 0..SOCKETS {
        let mut line = open(&server, &ada).await;
        for n in 0..each {
            subscribe(&mut line, &n.to_string(), &heavy(socket * each + n, 10)).await;
        }
        all_have_begun(&mut line).await;
        lines.push(line);
    }
    // Carl's subscription has the same shape as one of hers, which she can't pay for.
    let (mut at_ada, mut at_carl) = (open(&server, &ada).await, open(&server, &carl).await);
    for line in [&mut at_ada, &mut at_carl] {
        subscribe(line, "0", "subscription { messageAdded { seq } }").await;
        all_have_begun(line).await;
    }

    let (began, before) = (Instant::now(), server.cpu_time());
    let sends = async {
        for n in 0..SENDS {
            send(n).await;
        }
    };
    let received = join_all(lines.iter_mut().map(|line| seqs(line, each, SENDS)));
    let shared = async {
        let received = (seqs(&mut at_carl, 1, SENDS).await, began.elapsed());
        (received, seqs(&mut at_ada, 1, SENDS).await)
    };
    let ((), longest, received, ((at_carl, carl_took), at_ada)) =
        tokio::join!(sends, longest_query(&bob, 100), received, shared);

    let (took, worked) = (began.elapsed(), server.cpu_time() - before);
    println!("{} subscriptions took {took:?}, of it {worked:?} at work, a query {longest:?}", SOCKETS * each);
    assert!(longest < QUERY, "somebody else's query took {longest:?}");
    // The budget is a quarter. The database's threads and the rest of the server add to it.
    assert!(worked < took.mul_f64(0.65), "it worked for {worked:?} of {took:?}");
    let sent: Vec<u64> = (17..).take(SENDS).collect();
    for received in received.iter().flatten() {
        assert_eq!(*received, sent);
    }
    assert_eq!((&at_carl[0], &at_ada[0]), (&sent, &sent));
    println!("the other one received it after {carl_took:?}");
    assert!(carl_took < 2 * QUERY, "somebody else received it after {carl_took:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_subscriptions_of_a_person_share_fifty_thousand_objects_on_all_sockets() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let (large, small) = (heavy(0, 29), "subscription { events { cursor } }");
    let mut lines = [open(&server, &ada).await, open(&server, &ada).await];
    let larges = limits::LIVE_OBJECTS / objects(&large);
    let smalls = (limits::LIVE_OBJECTS % objects(&large)) / objects(small);
    println!("{larges} of {} objects, {smalls} of {}", objects(&large), objects(small));
    assert!((2..50).contains(&smalls), "it fills the budget with a few");

    for n in 0..larges {
        subscribe(&mut lines[n % 2], &n.to_string(), &large).await;
    }
    // These emit an event when they start, after the subscriptions before them.
    for n in 0..smalls {
        let line = &mut lines[n % 2];
        subscribe(line, &format!("small {n}"), small).await;
        assert_eq!(soon(line.next()).await.expect("the socket lives")["type"], "next");
    }
    let [_, line] = &mut lines;
    subscribe(line, "one more", small).await;
    let refused = soon(line.next()).await.expect("the socket lives");
    assert_eq!((&refused["id"], &refused["type"]), (&json!("one more"), &json!("error")), "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
    let message = refused["payload"][0]["message"].as_str().expect("a message");
    assert!(message.contains("50000 are the limit"), "{message}");

    // Other people have their own budget. Completing an operation frees budget on all sockets.
    let mut other = open(&server, &bob).await;
    subscribe(&mut other, "1", small).await;
    assert_eq!(soon(other.next()).await.expect("the socket lives")["type"], "next");
    line.say(json!({ "id": "small 1", "type": "complete" })).await.expect("the socket takes it");
    subscribe(line, "one more", small).await;
    assert_eq!(soon(line.next()).await.expect("the socket lives")["type"], "next");

    // So does closing a socket.
    let [first, mut second] = lines;
    drop(first);
    soon(async {
        loop {
            subscribe(&mut second, "another large one", &large).await;
            subscribe(&mut second, "after it", small).await;
            let said = second.next().await.expect("the socket lives");
            if said["id"] == "after it" && said["type"] == "next" {
                break;
            }
            // The server has not seen yet that the socket is closed.
            assert_eq!(said["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{said}");
            assert_eq!(second.next().await.expect("the socket lives")["id"], "after it");
            // Frames are handled in order, so its id is free when the next subscribe is read.
            second.say(json!({ "id": "after it", "type": "complete" })).await.expect("the socket takes it");
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_replays_of_one_person_do_not_delay_another() {
    const SOCKETS: usize = 5;
    const REPLAYS: usize = SOCKETS * limits::OPERATIONS_PER_SOCKET;
    const MISSED: usize = 300;
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let old = bob.feed_cursor().await;
    let to_bob = || Message::new(bob.as_recipient(), "x".repeat(1_000));
    join_all((0..MISSED).map(|_| async { soon(ada.send(&to_bob())).await })).await;
    // The log is read again, because nothing of it is in memory.
    server.stop().await;
    server.set("RATE_LIMITS", "on");
    server.start_again().await;
    let replay = "subscription($after: String) { events(after: $after) {
        __typename ... on MessageAdded { message { text } } } }";
    let after = json!({ "after": old });
    let (begun, caught_up) = (Arc::new(Semaphore::new(0)), Arc::<AtomicUsize>::default());
    let mut floods = JoinSet::new();
    for number in 0..SOCKETS {
        let mut line = open(&server, &ada).await;
        for n in 0..limits::OPERATIONS_PER_SOCKET {
            line.subscribe(&n.to_string(), replay, &after).await.expect("the socket takes it");
        }
        line.say(json!({ "type": "ping" })).await.expect("the socket takes it");
        let (begun, caught_up) = (begun.clone(), Arc::clone(&caught_up));
        floods.spawn(async move {
            while let Ok(said) = line.next().await {
                match said["type"].as_str() {
                    Some("pong") => {
                        begun.add_permits(1);
                        // Some of them stop reading here.
                        if number % 2 == 0 {
                            std::future::pending().await
                        }
                    }
                    Some("next") => _ = caught_up.fetch_add(usize::from(is_caught_up(&said)), Ordering::Relaxed),
                    _ => panic!("a replay goes on: {said}"),
                }
            }
        });
    }
    // A ping is answered once all messages before it were read.
    let _all = soon(begun.acquire_many(SOCKETS as u32)).await.expect("nobody closes it");

    let mut line = open(&server, &bob).await;
    let began = Instant::now();
    line.subscribe("1", replay, &after).await.expect("the socket takes it");
    let mut missed = 0;
    loop {
        let said = soon(line.next()).await.expect("the socket lives");
        if is_caught_up(&said) {
            break;
        }
        missed += 1;
    }

    let others = caught_up.load(Ordering::Relaxed);
    let took = began.elapsed();
    println!("caught up with {missed} events after {took:?}, after {others} of {REPLAYS} others");
    assert!(took < 2 * QUERY, "it took {took:?}");
    assert!(others < REPLAYS / 10, "{others} of {REPLAYS} were before");
    assert!(missed >= MISSED, "{missed} of {MISSED}");
    // Reading pages of the log takes the same turns.
    let page = "query($after: String!) { events(after: $after, first: 100) { events { __typename } } }";
    let events = soon(bob.ask(page, after)).await["events"]["events"].take();
    assert_eq!(events.as_array().map(Vec::len), Some(100));
    assert!(caught_up.load(Ordering::Relaxed) < REPLAYS / 10);
    floods.abort_all();
    server.stop().await;
}

fn is_caught_up(said: &Value) -> bool {
    said["payload"]["data"]["events"]["__typename"] == "CaughtUp"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_holds_no_shared_resource() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    for _ in 0..16 {
        soon(ada.send(&Message::new(bob.as_recipient(), "x".repeat(limits::MESSAGE_LENGTH)))).await;
    }
    let mut histories = String::new();
    for n in 0..10 {
        write!(
            histories,
            "a{n}: messages(conversation: {{ userId: \"{}\" }}, last: 20) {{ nodes {{ text }} }} ",
            bob.id
        )
        .expect("a string takes it");
    }
    // Answers of 640 kB soon fill the system's buffers and the outbox, while other queries are executing.
    let mut line = open(&server, &ada).await;
    for n in 0..limits::OPERATIONS_PER_SOCKET {
        subscribe(&mut line, &n.to_string(), &format!("{{ {histories} }}")).await;
    }

    let longest = longest_query(&bob, 100).await;

    println!("a query took {longest:?}");
    assert!(longest < 4 * QUERY, "somebody else's query took {longest:?}");
    // The client still does not read.
    drop(line);
    server.stop().await;
}
